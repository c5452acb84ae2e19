/** The app with versions on an engine of its own, which may be restarted, put back between kills: containers, volumes, files, vault and state. */
import { execFile } from "node:child_process"
import { mkdir, readdir, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { isDeepStrictEqual, promisify } from "node:util"
import { expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { updatePlanOutput } from "../../src/contract/output-update.ts"
import { tryCommand } from "../fixture/docker/command.ts"
import { privateDaemon, type PrivateDaemon } from "../fixture/docker/private-dockerd.ts"
import { makeAppProject, type AppProject, type Engine } from "../fixture/versioned-app/project.ts"
import { makeKeyCheap } from "../fixture/quick-key.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "../scenario/cli.ts"
import { APP, shopSettings } from "../scenario/shop-settings.ts"
import { stateOfShop, type ShopState } from "../scenario/update-world.ts"
import { startVendor, type Vendor } from "../scenario/vendor.ts"
import { COMPILE_CACHE } from "./harness.ts"
import { expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { saveWorld } from "./plain-world.ts"

const run = promisify(execFile)

export interface UpdatePlace {
  /** Settings, app, vault and state; the vendor is elsewhere. */
  readonly directory: string
  readonly daemon: PrivateDaemon
  readonly vendor: Vendor
  readonly project: AppProject
  readonly cli: Cli
  readonly environment: Readonly<Record<string, string>>
  /** The engine does not have the new version's image any more. */
  forgetNewImage(): Promise<void>
  /** Stops the app and remembers everything; starts it again. */
  save(): Promise<SavedPlace>
  dispose(): Promise<void>
}

export interface SavedPlace {
  readonly state: ShopState
  /** The app runs again, with everything as it was. */
  reset(): Promise<void>
  dispose(): Promise<void>
}

export interface UpdatePlaceOptions {
  /** The new version is well in its rehearsal, and not on what is live. */
  readonly refused?: boolean
}

const REFUSED_BY = "file-99"

/** Version 1.0.0 runs; 1.1.0 is published and was rehearsed on a proven point, so that each update takes seconds. */
export async function updatePlace(engine: Engine, { refused = false }: UpdatePlaceOptions = {}): Promise<UpdatePlace> {
  const images = [
    "holdfast-test/versioned-app",
    "holdfast-test/busybox",
    ...(engine === "postgres" ? ["holdfast-test/postgres:15" as const] : []),
  ] as const
  const daemon = await privateDaemon(images, { bridge: true })
  const directory = await newDirectory("crash-update")
  const elsewhere = await newDirectory("crash-vendor")
  const vendor = await startVendor(elsewhere, { host: daemon.host, networkFile: daemon.networkFile ?? "" })
  const project = await makeAppProject(join(directory, "app"), {
    engine,
    registry: vendor.registry.name,
    host: { address: daemon.host, networkFile: daemon.networkFile ?? "" },
    healthEvery: "1s",
  })
  const stateDirectory = join(directory, "state")
  await mkdir(stateDirectory)
  const rules = { stability: "1s", timeout: refused ? "5s" : "20s", rollbackWindow: "24h" }
  const argv = ["bash", "-c", `[ "$APP_VERSION" = 1.0.0 ] || [ ! -e /uploads/${REFUSED_BY} ]`]
  const checks = { content: { command: { service: "web", argv } } }
  // The database's own is served by no registry: saved, each look at a point would read half a gigabyte.
  const settings = shopSettings(directory, project, vendor, rules, { healthInside: true, checks, images: "never" })
  await writeFile(join(directory, "holdfast.yaml"), JSON.stringify(settings, null, 2))
  let newDigest = ""
  const cli = cliIn({ cwd: directory, stateDirectory, environment: { DOCKER_HOST: daemon.host, NODE_COMPILE_CACHE: COMPILE_CACHE } })
  const place: UpdatePlace = {
    directory,
    daemon,
    vendor,
    project,
    cli,
    environment: { HOLDFAST_STATE_DIR: stateDirectory, DOCKER_HOST: daemon.host },
    forgetNewImage: async () => {
      await tryCommand(["docker", "--host", daemon.host, "image", "rm", `${vendor.images.repository}@${newDigest}`])
      expect(await project.docker("image", "ls", "--digests", "--format", "{{.Digest}}")).not.toContain(newDigest)
    },
    save: async () => await savePlace(place),
    dispose: async () => {
      await vendor.dispose()
      await daemon.remove()
      await removeTree(directory)
      await removeTree(elsewhere)
    },
  }
  try {
    newDigest = await begin(place, stateDirectory, refused)
    return place
  } catch (thrown) {
    await place.dispose()
    throw thrown
  }
}

/** The old version runs on data that was backed up and proven, and the new one was rehearsed; gives the digest of that. */
async function begin({ directory, vendor, project, cli }: UpdatePlace, stateDirectory: string, refused: boolean): Promise<string> {
  await vendor.publish("1.0.0")
  await project.up()
  for (let number = 1; number <= 12; number += 1) await project.addEntry("before", number)
  for (let number = 1; number <= 5; number += 1) await project.addFile(`file-${number}`, Buffer.from(`content ${number}`))
  await project.waitQuiet()
  await cli.json(backupOutput, ["backup"])
  await makeKeyCheap(join(directory, "vault"), join(stateDirectory, "keys/local.key"))
  await cli.json(drillOutput, ["drill", "--level", "restored"])
  const newDigest = await vendor.publish("1.1.0")
  const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP, "--rehearse"])
  expect(plan?.rehearsal?.passed).toBe(true)
  // The proven point does not have it: going back to that would be seen.
  await project.addEntry("since the proof", 1)
  await project.addFile(refused ? REFUSED_BY : "file-6", Buffer.from("since the proof"))
  await project.waitQuiet()
  return newDigest
}

const VOLUMES = ["data", "uploads"] as const

async function savePlace(place: UpdatePlace): Promise<SavedPlace> {
  const { directory, project } = place
  await project.cli("down", "--timeout", "5")
  const files = await saveWorld(directory)
  const kept = await newDirectory("crash-volumes")
  // Beside a volume's files lies what was noted of them.
  for (const volume of VOLUMES) await run("cp", ["-a", dirname(await project.volumePath(volume)), join(kept, volume)])
  const tags = await tagsOf(project)
  const start = async (): Promise<void> => {
    await project.up()
    await project.waitQuiet()
  }
  await start()
  const state = await stateOfShop(project)
  const { files: savedBesides, databases: savedDatabases } = await besides(place)
  const isBare = savedBesides.length + savedDatabases.length === 0
  return {
    state,
    reset: async () => {
      if (isBare && (await runsAs(project, state))) {
        // Most kills end where they began: then only what Holdfast made has to go, and no container is touched.
        for (const part of ["state", "vault"]) await files.resetPart(part)
        const ours = await besides(place)
        for (const path of ours.files) await removeTree(path)
        for (const database of ours.databases) await dropDatabase(project, database)
        await removeKeptTags(project)
        rehearsedNow(directory)
        return
      }
      await project.cli("down", "--timeout", "0")
      await files.reset()
      for (const volume of VOLUMES) await putBack(join(kept, volume), await project.volumePath(volume))
      await removeKeptTags(project)
      for (const [tag, id] of tags) await project.docker("tag", id, tag)
      rehearsedNow(directory)
      await start()
    },
    dispose: async () => {
      await files.dispose()
      await removeTree(kept)
    },
  }
}

/** A rehearsal does not count any more once `.env` was written again, which putting everything back does. */
export function rehearsedNow(directory: string): void {
  const store = new DatabaseSync(join(directory, "state/store.sqlite"))
  try {
    const now = new Date().toISOString()
    store
      .prepare("UPDATE operation SET started_at = ?1, result = json_set(result, '$.at', ?1) WHERE kind = 'rehearse' AND result IS NOT NULL")
      .run(now)
  } finally {
    store.close()
  }
}

async function runsAs(project: AppProject, wanted: ShopState): Promise<boolean> {
  const health = await project.health()
  if (health?.body.status !== "ok" || health.body.version !== wanted.version) return false
  return isDeepStrictEqual(await stateOfShop(project), wanted)
}

async function removeKeptTags(project: AppProject): Promise<void> {
  const kept = (await tagsOf(project)).map(([tag]) => tag).filter((tag) => tag.startsWith("holdfast-kept:"))
  if (kept.length > 0) await project.docker("image", "rm", ...kept)
}

async function dropDatabase(project: AppProject, name: string): Promise<void> {
  await project.docker(
    "exec",
    `${project.name}-postgres-1`,
    "psql",
    "-X",
    "-U",
    "shop",
    "-d",
    "postgres",
    "-c",
    `DROP DATABASE "${name}" WITH (FORCE)`,
  )
}

/** The volume's own directory stays: it may be a mount point. */
async function putBack(saved: string, live: string): Promise<void> {
  const beside = (await readdir(dirname(live))).filter((name) => join(dirname(live), name) !== live)
  for (const name of beside) await removeTree(join(dirname(live), name))
  for (const name of await readdir(live)) await removeTree(join(live, name))
  await run("cp", ["-a", `${saved}/.`, dirname(live)])
}

async function tagsOf(project: AppProject): Promise<readonly (readonly [string, string])[]> {
  const lines = (await project.docker("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")).split("\n")
  return lines.flatMap((line) => {
    const [tag = "", id = ""] = line.split(" ")
    return tag === "" || tag.includes("<none>") ? [] : [[tag, id] as const]
  })
}

/**
 * What has to hold after a kill and the command that followed: the old version with the old data or the new one with the new, healthy, and
 * nothing that nobody knows of. Gives the state.
 */
export async function expectSettled(place: UpdatePlace, allowed: readonly ShopState[]): Promise<ShopState> {
  const { directory, project, cli } = place
  const versions = allowed.map(({ version }) => version)
  const said = async (): Promise<string> => {
    const answer = await project.health()
    return answer === null ? "nobody answers" : `${answer.body.status} ${answer.body.version}`
  }
  await expect.poll(said, { timeout: 60_000, interval: 200 }).toMatch(new RegExp(`^ok (${versions.join("|")})$`))
  await project.waitQuiet()
  expectNothingUnfinished(join(directory, "state"))
  const [now] = await Promise.all([stateOfShop(project), expectNothingOrphaned(place)])
  expect(allowed.find(({ version }) => version === now.version)).toEqual(now)
  await expectPointsWhole(cli, APP)
  expect(await processesNaming(join(directory, "vault"))).toEqual([])
  return now
}

/** Everything of ours that is beside the app's own is in the list of what is kept, so that releasing it takes it away. */
export async function expectNothingOrphaned(place: UpdatePlace): Promise<void> {
  const { directory, project } = place
  const kept = keptText(directory)
  const ours = await besides(place)
  const names = [...ours.files.map((path) => basename(path)), ...ours.databases]
  expect(names.filter((name) => !kept.includes(name.replace(/-(wal|shm)$/, "")))).toEqual([])
  const tags = (await tagsOf(project)).map(([tag]) => tag).filter((tag) => /holdfast/.test(tag) && !tag.startsWith("holdfast-test/"))
  expect(tags.filter((tag) => !kept.includes(tag))).toEqual([])
  expect(await project.docker("ps", "--all", "--quiet", "--filter", "label=holdfast.operation")).toBe("")
  expect(await project.docker("network", "ls", "--quiet", "--filter", "label=holdfast.operation")).toBe("")
  expect(await readdir(join(directory, "state/scratch")).catch(() => [])).toEqual([])
}

const OWN_FILE = /^(shop\.db(-wal|-shm)?|secrets|\.env|compose(\.override)?\.yml|file-\d+|_data)$/

/** What lies beside the app's own. */
async function besides({
  directory,
  project,
}: UpdatePlace): Promise<{ readonly files: readonly string[]; readonly databases: readonly string[] }> {
  const uploads = await project.volumePath("uploads")
  const places = [join(directory, "app"), uploads, dirname(uploads)]
  if (project.engine === "sqlite") places.push(await project.volumePath("data"))
  const found = await Promise.all(places.map(async (place) => (await readdir(place)).map((name) => join(place, name))))
  const databases = project.engine === "sqlite" ? [] : (await databasesOf(project)).filter((name) => name !== "shop")
  return { files: found.flat().filter((path) => !OWN_FILE.test(basename(path))), databases }
}

async function databasesOf(project: AppProject): Promise<readonly string[]> {
  return (await project.sql("SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")).split("\n")
}

function keptText(directory: string): string {
  const store = new DatabaseSync(join(directory, "state/store.sqlite"), { readOnly: true })
  try {
    return JSON.stringify(store.prepare("SELECT details FROM kept WHERE released_at IS NULL").all())
  } finally {
    store.close()
  }
}

/** Nothing can be written there any more, until `empty`. It has to be small for that: see `smallDisk`. */
export async function fill(disk: string): Promise<void> {
  await tryCommand(["dd", "if=/dev/zero", `of=${join(disk, BALLAST)}`, "bs=4096"])
}

export async function empty(disk: string): Promise<void> {
  await removeTree(join(disk, BALLAST))
}

const BALLAST = "ballast"

/** What lies there moves onto a file system of this size, until the returned function is called. The app is down meanwhile. */
export async function smallDisk({ project }: Pick<UpdatePlace, "project">, live: string, size: string): Promise<() => Promise<void>> {
  await project.cli("down", "--timeout", "5")
  await run("cp", ["-a", live, `${live}.saved`])
  await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", live])
  await run("cp", ["-a", `${live}.saved/.`, live])
  await removeTree(`${live}.saved`)
  await project.up()
  return async () => void (await run("umount", ["--lazy", live]))
}
