/** SIGKILL at the journaled steps of an adoption and of its undoing: the app runs as before or as adopted, whole, and files are those of one of the two. */
import { randomBytes } from "node:crypto"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { adoptOutput } from "../../src/contract/output-adopt.ts"
import { pushRelease, removeVendorImages, vendorImages } from "../fixture/adopt/images.ts"
import { makeSmallApp, removeProject, writeServer } from "../fixture/adopt/small-app.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { registryServer, type RegistryServer } from "../fixture/registry/server.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { exampleKey } from "../fixture/release.ts"
import { sha256 } from "../../src/base/canonical-json.ts"
import { cliIn, type Cli } from "../scenario/cli.ts"
import type { CrashWorld } from "./harness.ts"
import { expectNothingUnfinished } from "./invariants.ts"
import { walk } from "./matrix.ts"
import { saveWorld, treeDigest, type SavedWorld } from "./plain-world.ts"

const KEY = exampleKey().publicKey.pem

describeNeeding(
  "restic",
  "docker",
  "registry",
  "root",
)("an adoption, killed", () => {
  useDocker(["holdfast-test/node"])
  const project = `small${randomBytes(4).toString("hex")}`
  let directory = ""
  let registry: RegistryServer
  let cli: Cli
  let world: SavedWorld
  let images: readonly string[] = []
  let before = ""

  const compose = (): string => join(directory, "app/docker-compose.yml")
  const up = async (): Promise<void> => void (await command(["docker-compose", "--ansi", "never", "--file", compose(), "up", "--detach"]))
  const services = async (): Promise<readonly string[]> => {
    const format = '{{.Label "com.docker.compose.service"}} {{.State}}'
    const listed = await command(["docker", "ps", "--all", "--format", format, "--filter", `label=com.docker.compose.project=${project}`])
    return listed.trim().split("\n").toSorted()
  }
  /** Compose file, secrets and settings; hidden files of before are allowed where an adoption is done. */
  const projectFiles = async (): Promise<string> => {
    const settings = await readFile(join(directory, "holdfast.yaml"), "utf8")
    return sha256([settings, await readFile(compose(), "utf8"), await treeDigest(join(directory, "app/secrets"))].join("\n"))
  }
  const leftBeside = async (): Promise<readonly string[]> =>
    (await readdir(join(directory, "app"))).filter((name) => name.includes(".holdfast-"))

  beforeAll(async () => {
    directory = await newDirectory("crash-adopt")
    const data = `${directory}.registry`
    await mkdir(data)
    registry = await registryServer({ directory: data })
    await registry.start()
    const vendor = vendorImages(registry.name)
    const build = `${directory}.build`
    const curl = await readFile(join(import.meta.dirname, "../fixture/chat-app/image/curl"), "utf8")
    await writeServer(build, curl)
    const digests = await pushRelease(vendor, build, "1.1.0", { schema: 1 })
    images = await makeSmallApp(directory, project, vendor, digests, sha256(KEY))
    await writeServer(join(directory, "app"), curl)
    await writeFile(join(directory, "vendor.pub"), KEY)
    cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state") })
    await up()
    await cli.json(backupOutput, ["backup"])
    before = await projectFiles()
    await command(["docker-compose", "--ansi", "never", "--file", compose(), "down", "--timeout", "0"])
    world = await saveWorld(directory)
  })

  afterAll(async () => {
    await removeProject(compose())
    await removeVendorImages(registry.name)
    await registry.stop()
    for (const each of [directory, `${directory}.registry`, `${directory}.build`]) await removeTree(each)
    await world.dispose()
  })

  const adoptWords = (): readonly string[] => [
    "adopt",
    "chat",
    "--yes",
    "--key",
    join(directory, "vendor.pub"),
    "--release",
    "1.1.0",
    ...images,
  ]
  const worldFor = (words: () => readonly string[]): CrashWorld => ({
    directory,
    words: words(),
    settleWords: ["points", "chat"],
    environment: {
      HOLDFAST_STATE_DIR: join(directory, "state"),
      ...(process.env["DOCKER_HOST"] === undefined ? {} : { DOCKER_HOST: process.env["DOCKER_HOST"] }),
    },
    dispose: async () => await Promise.resolve(),
  })
  /** Second names of the image that ran before. */
  const keptNames = async (): Promise<readonly string[]> => {
    const names = await command(["docker", "image", "inspect", "--format", '{{join .RepoTags "\\n"}}', `${project}-chatalot`])
    return names.split("\n").filter((name) => name.startsWith("holdfast-kept:"))
  }
  const fresh = async (): Promise<void> => {
    await removeProject(compose())
    for (const name of await keptNames()) await command(["docker", "image", "rm", name])
    await world.reset()
    await up()
  }
  /** Names that images had while this app's operations needed them; others have theirs. */
  const pulledNames = async (): Promise<readonly string[]> => {
    const database = new DatabaseSync(join(directory, "state/store.sqlite"), { readOnly: true })
    const ids = database
      .prepare("SELECT id FROM operation")
      .all()
      .map(({ id }) => String(id))
    database.close()
    const listed = await command(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=holdfast-pulled"])
    return listed.split("\n").filter((name) => ids.some((id) => name.includes(`:${id}-`)))
  }
  const isAdopted = async (): Promise<boolean> => (await readFile(compose(), "utf8")).includes("chatalot-updater:")
  const check = async (): Promise<void> => {
    expectNothingUnfinished(join(directory, "state"))
    expect(await pulledNames()).toEqual([])
    if (await isAdopted()) {
      await expect
        .poll(services, { timeout: 60_000 })
        .toEqual(["chatalot running", "chatalot-socket-proxy running", "chatalot-updater running"])
      expect((await readFile(join(directory, "app/secrets/updater_token"), "utf8")).length).toBe(64)
    } else {
      await expect.poll(services, { timeout: 60_000 }).toEqual(["chatalot running"])
      expect(await projectFiles()).toBe(before)
      expect(await leftBeside()).toEqual([])
      expect(await keptNames()).toEqual([])
    }
    expect(await readdir(join(directory, "state/scratch"))).toEqual([])
  }

  it("is undone before the app was touched, and finished after it was", async () => {
    const prepare = async (): Promise<CrashWorld> => {
      await fresh()
      return worldFor(adoptWords)
    }
    await walk("adopt of a compose app", { prepare, check }, ["write-secrets", "swap-files", "start-updater", "recreate"])
  })

  it("while it was undone: as adopted before anything was put back, as before from there", async () => {
    const prepare = async (): Promise<CrashWorld> => {
      await fresh()
      await cli.json(adoptOutput, adoptWords())
      return worldFor(() => ["adopt", "chat", "--undo", "--yes"])
    }
    await walk("adopt --undo of a compose app", { prepare, check }, ["stop-writers", "turn-back"])
  })
})
