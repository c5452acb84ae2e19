/** The app with versions on an engine of its own, which may be restarted, put back between kills: containers, volumes, files, vault and state. */
import { execFile } from "node:child_process"
import { mkdir, readdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { updatePlanOutput } from "../../src/contract/output-update.ts"
import { tryCommand } from "../fixture/docker/command.ts"
import { privateDaemon, type PrivateDaemon } from "../fixture/docker/private-dockerd.ts"
import { makeAppProject, type AppProject, type Engine } from "../fixture/versioned-app/project.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "../scenario/cli.ts"
import { APP, shopSettings } from "../scenario/shop-settings.ts"
import { stateOfShop, type ShopState } from "../scenario/update-world.ts"
import { startVendor, type Vendor } from "../scenario/vendor.ts"
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
  /** Stops the app and remembers everything; starts it again. */
  save(): Promise<SavedPlace>
  dispose(): Promise<void>
}

export interface SavedPlace {
  /** The app runs again, with everything as it was. */
  reset(): Promise<void>
  dispose(): Promise<void>
}

/** Version 1.0.0 runs; 1.1.0 is published and was rehearsed on a proven point, so that each update takes seconds. */
export async function updatePlace(engine: Engine): Promise<UpdatePlace> {
  const images = [
    "holdfast-test/versioned-app",
    "holdfast-test/busybox",
    ...(engine === "postgres" ? ["holdfast-test/postgres:15" as const] : []),
  ] as const
  const daemon = await privateDaemon(images, { bridge: true })
  const directory = await newDirectory("crash-update")
  const elsewhere = await newDirectory("crash-vendor")
  const vendor = await startVendor(elsewhere, { host: daemon.host, networkFile: daemon.networkFile ?? "" })
  const project = await makeAppProject(join(directory, "app"), { engine, registry: vendor.registry.name, host: daemon.host })
  const stateDirectory = join(directory, "state")
  await mkdir(stateDirectory)
  const rules = { stability: "1s", timeout: "20s", rollbackWindow: "24h" }
  const settings = shopSettings(directory, project, vendor, rules, { healthInside: true })
  await writeFile(join(directory, "holdfast.yaml"), JSON.stringify(settings, null, 2))
  const cli = cliIn({ cwd: directory, stateDirectory, environment: { DOCKER_HOST: daemon.host } })
  const place: UpdatePlace = {
    directory,
    daemon,
    vendor,
    project,
    cli,
    environment: { HOLDFAST_STATE_DIR: stateDirectory, DOCKER_HOST: daemon.host },
    save: async () => await savePlace(place),
    dispose: async () => {
      await vendor.dispose()
      await daemon.remove()
      await removeTree(directory)
      await removeTree(elsewhere)
    },
  }
  await vendor.publish("1.0.0")
  await project.up()
  for (let number = 1; number <= 12; number += 1) await project.addEntry("before", number)
  for (let number = 1; number <= 5; number += 1) await project.addFile(`file-${number}`, Buffer.from(`content ${number}`))
  await project.waitQuiet()
  await prove(place)
  return place
}

async function prove({ cli, vendor }: UpdatePlace): Promise<void> {
  await cli.json(backupOutput, ["backup"])
  await cli.json(drillOutput, ["drill", "--level", "restored"])
  await vendor.publish("1.1.0")
  const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP, "--rehearse"])
  expect(plan?.rehearsal?.passed).toBe(true)
}

const VOLUMES = ["data", "uploads"] as const

async function savePlace({ directory, project }: UpdatePlace): Promise<SavedPlace> {
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
  return {
    reset: async () => {
      await project.cli("down", "--timeout", "0")
      await files.reset()
      for (const volume of VOLUMES) await putBack(join(kept, volume), await project.volumePath(volume))
      const later = (await tagsOf(project)).map(([tag]) => tag).filter((tag) => tag.startsWith("holdfast-kept:"))
      for (const tag of later) await project.docker("image", "rm", tag)
      for (const [tag, id] of tags) await project.docker("tag", id, tag)
      await start()
    },
    dispose: async () => {
      await files.dispose()
      await removeTree(kept)
    },
  }
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
  const now = await stateOfShop(project)
  expect(allowed.find(({ version }) => version === now.version)).toEqual(now)
  expectNothingUnfinished(join(directory, "state"))
  await expectPointsWhole(cli, APP)
  await expectNothingOrphaned(place)
  expect(await processesNaming(join(directory, "vault"))).toEqual([])
  return now
}

/** Everything of ours that is beside the app's own is in the list of what is kept, so that releasing it takes it away. */
export async function expectNothingOrphaned({ directory, project }: UpdatePlace): Promise<void> {
  const kept = keptText(directory)
  const uploads = await project.volumePath("uploads")
  const files = await readdir(join(directory, "app"))
  const data = project.engine === "sqlite" ? await readdir(await project.volumePath("data")) : await databases(project)
  const own = /^(shop|shop\.db(-wal|-shm)?|secrets|\.env|compose(\.override)?\.yml|file-\d+)$/
  const beside = [...files, ...data, ...(await readdir(uploads)), ...(await readdir(join(uploads, "..")))]
  const ours = beside.filter((name) => !own.test(name) && name !== "_data")
  expect(ours.filter((name) => !kept.includes(name.replace(/-(wal|shm)$/, "")))).toEqual([])
  const tags = (await tagsOf(project)).map(([tag]) => tag).filter((tag) => /holdfast/.test(tag) && !tag.startsWith("holdfast-test/"))
  expect(tags.filter((tag) => !kept.includes(tag))).toEqual([])
  expect(await project.docker("ps", "--all", "--quiet", "--filter", "label=holdfast.operation")).toBe("")
  expect(await project.docker("network", "ls", "--quiet", "--filter", "label=holdfast.operation")).toBe("")
  expect(await readdir(join(directory, "state/scratch")).catch(() => [])).toEqual([])
}

async function databases(project: AppProject): Promise<readonly string[]> {
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

/** Nothing can be written to the volume with the data any more, until `free`. It has to be small for that: see `smallData`. */
export async function fillData(project: AppProject): Promise<void> {
  const file = join(await project.volumePath("data"), "ballast")
  await tryCommand(["dd", "if=/dev/zero", `of=${file}`, "bs=4096"])
}

export async function freeData(project: AppProject): Promise<void> {
  await removeTree(join(await project.volumePath("data"), "ballast"))
}

/** The volume with the data moves onto a file system of this size, for as long as the place is there. */
export async function smallData({ project }: UpdatePlace, size: string): Promise<() => Promise<void>> {
  await project.cli("stop", "--timeout", "5")
  const live = await project.volumePath("data")
  await run("cp", ["-a", live, `${live}.saved`])
  await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", live])
  await run("cp", ["-a", `${live}.saved/.`, live])
  await removeTree(`${live}.saved`)
  await project.up()
  return async () => void (await run("umount", ["--lazy", live]))
}
