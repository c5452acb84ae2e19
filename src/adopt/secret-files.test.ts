import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { sha256 } from "../base/canonical-json.ts"
import { loadRecipes } from "../app/load-recipes.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { exampleKey } from "../../test/fixture/release.ts"
import {
  applySecret,
  findDirectory,
  findSecrets,
  keyProblem,
  planSecrets,
  secretContents,
  takeSecretBack,
  type SecretChange,
} from "./secret-files.ts"

const { publicKey } = exampleKey()
const KEY = Buffer.from(publicKey.pem)

function managed(): ManagedUpdates {
  const known = loadRecipes("recipes")["chatalot"]?.managedUpdates
  if (known === undefined) throw new Error("the recipe knows no updater")
  return { ...known, keyDigest: sha256(KEY) }
}

/** As an adoption does it: what is written is known before, and gone by on the way back. */
async function applied(planned: readonly SecretChange[]): Promise<readonly SecretChange[]> {
  const contents = secretContents(planned, KEY)
  const changes = planned.map((change) => ({ ...change, writes: digestOf(contents.get(change.path)) }))
  for (const change of changes) await applySecret(change, contents.get(change.path) ?? null)
  return changes
}

const digestOf = (content: Uint8Array | undefined): string | null => (content === undefined ? null : sha256(content))

interface Place {
  readonly project: string
  at(name: string): string
  plan(shared?: Readonly<Record<string, string>>): Promise<readonly SecretChange[]>
  make(): Promise<readonly SecretChange[]>
  mode(name: string): Promise<string>
}

async function place(files: Readonly<Record<string, readonly [content: string, mode: number]>>): Promise<Place> {
  const project = await temporaryDirectory("secrets")
  const directory = join(project, "secrets")
  const at = (name: string): string => join(directory, name)
  await mkdir(directory, { mode: 0o700 })
  await chmod(directory, 0o755)
  for (const [name, [content, mode]] of Object.entries(files)) {
    await writeFile(at(name), content)
    await chmod(at(name), mode)
  }
  const plan = async (shared = {}): Promise<readonly SecretChange[]> =>
    planSecrets(await findSecrets(managed(), project, shared), await findDirectory(directory))
  return {
    project,
    at,
    plan,
    make: async () => {
      return await applied(await plan({ db_password: at("db_password") }))
    },
    mode: async (name) => ((await stat(name === "" ? directory : at(name))).mode & 0o7777).toString(8),
  }
}

describe("secrets of an updater", () => {
  it("are made where they are missing: a token of 32 bytes in hexadecimal, the vendor's key, credentials of nobody (C131-C133)", async () => {
    const one = await place({ db_password: ["secret", 0o600] })
    await one.make()
    expect(await readFile(one.at("updater_token"), "utf8")).toMatch(/^[0-9a-f]{64}$/)
    expect(await readFile(one.at("cosign_pub"))).toEqual(KEY)
    expect(await readFile(one.at("registry_creds"), "utf8")).toBe("")
  })

  it("are made where a staging left them at 0 bytes (C123)", async () => {
    const one = await place({ updater_token: ["", 0o600], cosign_pub: ["", 0o600], db_password: ["x", 0o644] })
    await one.make()
    expect((await readFile(one.at("updater_token"), "utf8")).length).toBe(64)
    expect(await readFile(one.at("cosign_pub"))).toEqual(KEY)
  })

  it("are never touched where they are filled, however they were written (C112, C131)", async () => {
    const filled = {
      updater_token: "a token of somebody's own\n",
      registry_creds: `{"username":"u","password":"p","serveraddress":"r.example"}`,
    }
    const one = await place({
      updater_token: [filled.updater_token, 0o600],
      registry_creds: [filled.registry_creds, 0o600],
      db_password: ["x", 0o644],
    })
    const changes = await one.make()
    for (const [name, content] of Object.entries(filled)) expect(await readFile(one.at(name), "utf8")).toBe(content)
    expect(changes.filter(({ act }) => act === "make").map(({ name }) => name)).toEqual(["cosign_pub"])
  })

  it("stay filled when they were filled between the plan and the making, on the way back as well", async () => {
    const one = await place({ cosign_pub: ["", 0o600], db_password: ["x", 0o644] })
    const planned = await one.plan()
    await writeFile(one.at("updater_token"), "filled meanwhile, by somebody")
    const changes = await applied(planned)
    await writeFile(one.at("cosign_pub"), "put in after it was made")
    const ends = await Promise.all(changes.toReversed().map(async (change) => `${change.name} ${await takeSecretBack(change)}`))
    expect(ends).toEqual(["registry_creds back", "cosign_pub stays", "updater_token stays", "secrets back"])
    expect(await readFile(one.at("updater_token"), "utf8")).toBe("filled meanwhile, by somebody")
    expect(await readFile(one.at("cosign_pub"), "utf8")).toBe("put in after it was made")
  })

  it("go back where somebody has removed them meanwhile, the folder too", async () => {
    const one = await place({ db_password: ["secret", 0o600] })
    const changes = await one.make()
    await rm(join(one.project, "secrets"), { recursive: true })
    for (const change of changes.toReversed()) expect(await takeSecretBack(change)).toBe("back")
  })

  it("are a surprise where a folder stands in the place of a file", async () => {
    const one = await place({})
    await mkdir(one.at("updater_token"))
    const found = await findSecrets(managed(), one.project, {})
    expect(found.find(({ name }) => name === "updater_token")?.problem).toBe(`${one.at("updater_token")} is no file`)
  })

  it("can be read by both users, the database's password too, and their folder lets nobody else in (C134, C135)", async () => {
    const one = await place({ db_password: ["secret", 0o600], updater_token: ["0123456789abcdef0123", 0o600] })
    await one.make()
    for (const name of ["updater_token", "cosign_pub", "registry_creds", "db_password"]) expect(await one.mode(name)).toBe("644")
    expect(await one.mode("")).toBe("700")
  })

  it("go again as they came: what was made is removed, modes are put back, an empty file is empty", async () => {
    const one = await place({ db_password: ["secret", 0o640], cosign_pub: ["", 0o604] })
    const changes = await one.make()
    for (const change of changes.toReversed()) await takeSecretBack(change)
    for (const change of changes.toReversed()) await takeSecretBack(change)
    expect(await one.mode("")).toBe("755")
    expect(await one.mode("db_password")).toBe("640")
    expect(await one.mode("cosign_pub")).toBe("604")
    expect(await readFile(one.at("cosign_pub"), "utf8")).toBe("")
    await expect(stat(one.at("updater_token"))).rejects.toThrow("ENOENT")
  })

  it("say what is wrong with what fills them (C133, C146)", async () => {
    const problems = async (name: string, content: string): Promise<string | null> => {
      const one = await place({ [name]: [content, 0o644] })
      return (await findSecrets(managed(), one.project, {})).find((found) => found.name === name)?.problem ?? null
    }
    expect(await problems("updater_token", "  \n")).toBe("it holds white space only")
    expect(await problems("updater_token", "short")).toBe("it holds 5 characters")
    expect(await problems("cosign_pub", "not a key")).toBe("it does not hold exactly one PEM block PUBLIC KEY")
    expect(await problems("cosign_pub", exampleKey().publicKey.pem)).toMatch(
      /^its SHA-256 is [0-9a-f]{64}, that of the key itself [0-9a-f]{64}$/,
    )
    expect(await problems("registry_creds", "not json")).toBe("it is not what credentials look like")
    expect(await problems("registry_creds", " \n")).toBeNull()
  })

  it("take the vendor's key by the SHA-256 of its file or by that of the key (C132)", () => {
    expect(keyProblem(KEY, sha256(KEY))).toBeNull()
    expect(keyProblem(KEY, publicKey.fingerprint)).toBeNull()
    expect(keyProblem(KEY, `sha256:${"0".repeat(64)}`)).not.toBeNull()
  })
})
