/** Secret canaries: no password, key or secret value in any argv, output, error, manifest, ledger, journal or directory of ours (faults §4.8, P5). */
import { spawn, type ChildProcess } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { operationsOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { smallWorld, type SmallWorld } from "./small-world.ts"

const LAUNCHER = join(import.meta.dirname, "../../holdfast")

const canaries = {
  "the database's password": "canary-Db-71/x#y&z",
  "a secret file": "canary-file-5b1c7e",
  "a value in .env": "canary-env-90ab'2",
  "the REST server's password": "canary-rest-4d:e1",
  "the kit's passphrase": "canary phrase of the kit 31f8",
  "a password that is wrong": "canary-wrong-0c2d",
  "the vault's key": "",
}

let world: SmallWorld
let server: ChildProcess | null = null
let settings = ""
/** A vault that does not let us in. */
let shut = ""
/** What every run printed and which programs it started with which words. */
const seen: { readonly words: string; readonly exitCode: number | null; readonly printed: string; readonly started: string }[] = []

/** Under strace, which sees the words of every program that is started, however short it lives. */
async function watched(...words: readonly string[]): Promise<{ exitCode: number | null; printed: string }> {
  const trace = join(world.directory, `trace-${seen.length}`)
  const environment = {
    PATH: process.env["PATH"],
    HOME: world.directory,
    HOLDFAST_STATE_DIR: join(world.directory, "state"),
    HOLDFAST_LOG: "debug",
  }
  const args = ["-f", "-qq", "--seccomp-bpf", "-e", "trace=execve", "-s", "65535", "-o", trace, LAUNCHER, ...words]
  const child = spawn("strace", args, { cwd: world.directory, env: environment, stdio: ["ignore", "pipe", "pipe"] })
  let printed = ""
  child.stdout.on("data", (text: Buffer) => (printed += text.toString()))
  child.stderr.on("data", (text: Buffer) => (printed += text.toString()))
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", resolve)
  })
  seen.push({ words: words.join(" "), exitCode, printed, started: await readFile(trace, "utf8") })
  return { exitCode, printed }
}

/** Every way in which a value may stand in a text. */
function faces(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  return [
    ...new Set([
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      bytes.toString("base64").replace(/=+$/, ""),
      bytes.toString("hex"),
    ]),
  ]
}

function leaksIn(where: string, text: string): readonly string[] {
  return Object.entries(canaries).flatMap(([name, value]) =>
    faces(value).some((face) => text.includes(face)) ? [`${name} in ${where}`] : [],
  )
}

async function leaksBelow(directory: string, allowed: RegExp): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const searched = files.filter((file) => !allowed.test(file))
  expect(searched.length).toBeGreaterThan(0)
  return (await Promise.all(searched.map(async (file) => leaksIn(file, await readFile(file, "latin1"))))).flat()
}

describeNeeding(
  "restic",
  "postgres",
  "rest-server",
  "strace",
)("secrets", () => {
  beforeAll(async () => {
    world = await smallWorld({ password: canaries["the database's password"], secret: canaries["a secret file"] })
    const { directory } = world
    await writeFile(join(directory, "chat/.env"), `API_TOKEN=${canaries["a value in .env"]}\n`)
    await writeFile(join(directory, "passphrase"), `${canaries["the kit's passphrase"]}\n`)
    const password = canaries["the REST server's password"]
    await writeFile(join(directory, "far.env"), `RESTIC_REST_USERNAME=keeper\nRESTIC_REST_PASSWORD=${password}\n`)
    await writeFile(
      join(directory, "wrong.env"),
      `RESTIC_REST_USERNAME=keeper\nRESTIC_REST_PASSWORD=${canaries["a password that is wrong"]}\n`,
    )
    const hash = createHash("sha1").update(password).digest("base64")
    await writeFile(join(directory, "htpasswd"), `keeper:{SHA}${hash}\n`)
    const port = await freePort()
    await mkdir(join(directory, "far"))
    server = spawn(
      "restic-rest-server",
      ["--path", join(directory, "far"), "--listen", `127.0.0.1:${port}`, "--htpasswd-file", join(directory, "htpasswd")],
      { stdio: "ignore" },
    )
    const url = `http://127.0.0.1:${port}/`
    await waitFor(
      async () =>
        await fetch(url).then(
          () => true,
          () => false,
        ),
    )
    const file = join(directory, "holdfast.yaml")
    const far = `  far: { url: "rest:${url}chat", credentials: ./far.env }\n`
    shut = `  shut: { url: "rest:${url}chat", credentials: ./wrong.env }\n`
    settings = (await readFile(file, "utf8"))
      .replace("apps:\n", `${far}apps:\n`)
      .replace("[ ./chat/secrets ]", "[ ./chat/secrets, ./chat/.env ]")
    await writeFile(file, settings)
  })
  afterAll(async () => {
    server?.kill("SIGKILL")
    await world.dispose()
  })

  it("are in no argv, no output, no manifest, no ledger, no journal and no directory of ours", async () => {
    const expected: readonly (readonly [number, ...string[]])[] = [
      [0, "backup", "chat"],
      [0, "backup", "chat", "--vault", "far", "--json"],
      [0, "verify", "chat", "--vault", "far"],
      [0, "drill", "chat", "--level", "restored"],
      [0, "restore", "chat", "--yes", "--json"],
      [0, "show", "chat", "--json"],
      [0, "points", "chat"],
      [0, "export", "chat", "--to", "out"],
      [0, "kit", "--encrypted", "kit.age", "--passphrase-file", "passphrase", "--json"],
      [0, "operations"],
    ]
    for (const [exitCode, ...words] of expected) {
      const ended = await watched(...words)
      expect(ended.exitCode, `${words.join(" ")}\n${ended.printed}`).toBe(exitCode)
    }
    await watched("doctor")
    await watched("status", "--json")
    const { operations } = await world.cli.json(operationsOutput, ["operations"])
    for (const operation of operations) await watched("operations", "show", operation.id, "--json")
    // Errors tell where and why, never with what.
    await writeFile(join(world.directory, "holdfast.yaml"), settings.replace("apps:\n", `${shut}apps:\n`))
    expect((await watched("backup", "chat", "--vault", "shut")).printed).toContain("code: VAULT_UNREACHABLE")
    const secret = join(world.directory, "chat/secrets/db_password")
    const right = await readFile(secret, "utf8")
    await writeFile(secret, `${canaries["a password that is wrong"]}\n`)
    expect((await watched("backup", "chat")).printed).toContain("code: DATABASE_AUTH_FAILED")
    await writeFile(secret, right)

    canaries["the vault's key"] = (await readFile(world.keyFile, "utf8")).trim()
    expect(canaries["the vault's key"].length).toBeGreaterThan(20)
    for (const run of seen) expect(run.started, run.words).toContain("execve(")
    expect(seen.some((run) => run.started.includes("pg_dump"))).toBe(true)
    const leaks = [
      ...seen.flatMap((run) => leaksIn(`the output of ${run.words}`, run.printed)),
      ...seen.flatMap((run) => leaksIn(`the words of what ${run.words} started`, run.started)),
      ...(await leaksInVault()),
      ...(await leaksBelow(join(world.directory, "state"), /\/keys\//)),
      ...(await leaksBelow(world.vault, /never/)),
      ...(await leaksBelow(join(world.directory, "far"), /never/)),
      ...(await leaksBelow(join(world.directory, "out"), /secrets\.tar$/)),
      ...leaksIn("the kit", await readFile(join(world.directory, "kit.age"), "latin1")),
    ]
    expect(leaks).toEqual([])
    expect(await readdir(join(world.directory, "state/scratch"))).toEqual([])
    // The search finds what is there: the one place where a secret must be.
    expect(leaksIn("the export", await readFile(join(world.directory, "out/secrets.tar"), "latin1"))).toContain(
      "a secret file in the export",
    )
  })
})

/** Manifests and ledgers as they are inside the vault, in plain text. */
async function leaksInVault(): Promise<readonly string[]> {
  const documents = (await world.snapshots()).filter((snapshot) => snapshot.tags.some((tag) => /^part=(manifest|ledger)/.test(tag)))
  expect(documents.length).toBeGreaterThan(1)
  const texts = await Promise.all(
    documents.map(async (snapshot) => leaksIn(snapshot.tags.join(" "), await world.restic("dump", "--archive", "tar", snapshot.id, "/"))),
  )
  return texts.flat()
}

async function freePort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
  const address = listener.address()
  await new Promise((resolve) => listener.close(resolve))
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}
