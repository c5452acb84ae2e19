/** A world in which an app is updated: its vendor, the app under our care, a stack beside it, and a look at all of it from outside. */
import { createHash, randomBytes } from "node:crypto"
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { expect } from "vitest"
import { z } from "zod"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { makeAppProject, type AppProject, type Engine } from "../fixture/versioned-app/project.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"
import { startNeighbour, type Neighbour } from "./neighbour.ts"
import { APP, shopSettings, type UpdateSettings } from "./shop-settings.ts"
import { startVendor, type Vendor } from "./vendor.ts"

export { APP, type UpdateSettings }

export interface UpdateWorld {
  readonly directory: string
  readonly vendor: Vendor
  readonly project: AppProject
  readonly neighbour: Neighbour | null
  /** Run in the project's folder, where `holdfast.yaml` is. */
  readonly cli: Cli
  /** Writes `holdfast.yaml` anew with other update rules. */
  settle(rules: UpdateSettings): Promise<void>
  /** A point of now, proven by a restore. */
  provenPoint(): Promise<string>
  dispose(): Promise<void>
}

export interface UpdateWorldOptions {
  readonly engine?: Engine
  readonly neighbour?: boolean
  readonly rules?: UpdateSettings
  /** Rows and uploads at the start. */
  readonly entries?: number
  /** `auto`: the image of the PostgreSQL server, which no registry has, is saved with the first point: half a gigabyte. */
  readonly images?: "auto"
}

/** Short windows: the versions of this app are well or not well within seconds. */
const RULES: UpdateSettings = { stability: "4s", timeout: "10s", rollbackWindow: "1h" }

/** Version 1.0.0 runs, with rows and uploads; no point was taken yet. Asks the engine that DOCKER_HOST names. */
export async function updateWorld(options: UpdateWorldOptions = {}): Promise<UpdateWorld> {
  const directory = await newDirectory("update")
  const vendor = await startVendor(directory)
  const tellUrl = `http://host.docker.internal:${new URL(vendor.site.url).port}/tell`
  const project = await makeAppProject(join(directory, "app"), {
    engine: options.engine ?? "postgres",
    registry: vendor.registry.name,
    tellUrl,
  })
  const cli = cliIn({ cwd: project.directory, stateDirectory: join(directory, "state") })
  await mkdir(join(directory, "state"), { recursive: true })
  const saved = options.images === "auto" ? {} : { images: "never" as const }
  const settle = async (rules: UpdateSettings): Promise<void> =>
    await writeFile(
      join(project.directory, "holdfast.yaml"),
      JSON.stringify(shopSettings(directory, project, vendor, rules, saved), null, 2),
    )
  await settle({ ...RULES, ...options.rules })
  await vendor.publish("1.0.0")
  const [neighbour] = await Promise.all([
    options.neighbour === true ? startNeighbour(directory, ["web", "uploads"]) : null,
    project.up().then(async () => await fill(project, options.entries ?? 40)),
  ])
  return {
    directory,
    vendor,
    project,
    neighbour,
    cli,
    settle: async (rules) => await settle({ ...RULES, ...options.rules, ...rules }),
    provenPoint: async () => await provenPoint(cli),
    dispose: async () => {
      await neighbour?.remove()
      await project.remove()
      await vendor.dispose()
      await removeTree(directory)
    },
  }
}

async function fill(project: AppProject, entries: number): Promise<void> {
  for (let number = 1; number <= entries; number += 1) await project.addEntry("before", number)
  for (let number = 1; number <= 8; number += 1) await project.addFile(`file-${number}.bin`, randomBytes(3000 + 17 * number))
  await project.waitQuiet()
}

/** A point of now, proven by a restore. */
export async function provenPoint(cli: Cli): Promise<string> {
  const id = (await cli.json(backupOutput, ["backup"])).point?.id ?? ""
  const drill = await cli.json(drillOutput, ["drill", "--level", "restored"])
  expect(drill).toMatchObject({ point: id, passed: true })
  return id
}

/** Everything that an update may change and a rollback has to give back, to the byte. */
export interface ShopState {
  /** Table → number of rows and a digest of all of them. */
  readonly tables: Readonly<Record<string, string>>
  /** Table → its columns, in order, with their types. */
  readonly columns: Readonly<Record<string, string>>
  /** Upload → kind, mode, owner, time of the last change and content. */
  readonly uploads: Readonly<Record<string, string>>
  /** Compose file, override, `.env`: mode, owner and content. */
  readonly configuration: Readonly<Record<string, string>>
  /** Service → image id, restart policy, whether it runs. */
  readonly services: Readonly<Record<string, string>>
  readonly version: string | null
}

/** Looked at from outside of app and Holdfast. Wait for `waitQuiet` before. */
export async function stateOfShop(project: AppProject): Promise<ShopState> {
  const columns = await columnsOf(project)
  const configuration = ["compose.yml", "compose.override.yml", ".env"].map(
    async (name) => [name, await lookAt(join(project.directory, name), false)] as const,
  )
  return {
    tables: await tablesOf(project, Object.keys(columns)),
    columns,
    uploads: await uploadsOf(project),
    configuration: Object.fromEntries(await Promise.all(configuration)),
    services: await servicesOf(project),
    version: (await project.health())?.body.version ?? null,
  }
}

async function columnsOf(project: AppProject): Promise<Record<string, string>> {
  const query =
    project.engine === "postgres"
      ? "SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1"
      : "SELECT m.name, group_concat(c.name || ' ' || c.type, ', ') FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY 1 ORDER BY 1"
  return Object.fromEntries(
    (await project.sql(query))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf("|")), line.slice(line.indexOf("|") + 1)]),
  )
}

async function tablesOf(project: AppProject, names: readonly string[]): Promise<Record<string, string>> {
  if (project.engine === "postgres") return await tablesAtOnce(project, names)
  const found: Record<string, string> = {}
  for (const name of names) {
    const text = await project.sql(`SELECT * FROM "${name}" ORDER BY 1`)
    const rows = text === "" ? 0 : text.split("\n").length
    found[name] = `${rows} ${createHash("sha256").update(text).digest("hex")}`
  }
  return found
}

/** Each question is a program in a container, which takes longer than all tables. */
async function tablesAtOnce(project: AppProject, names: readonly string[]): Promise<Record<string, string>> {
  const digest = `count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C"), ''))`
  const lines = (await project.sql(names.map((name) => `SELECT '${name}', ${digest} FROM "${name}" t`).join(" UNION ALL "))).split("\n")
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("|")), line.slice(line.indexOf("|") + 1)]))
}

async function uploadsOf(project: AppProject): Promise<Record<string, string>> {
  const root = await project.volumePath("uploads")
  const found: Record<string, string> = {}
  for (const name of (await readdir(root, { recursive: true })).toSorted()) found[name] = await lookAt(join(root, name), true)
  return found
}

async function lookAt(path: string, withTime: boolean): Promise<string> {
  const status = await lstat(path, { bigint: true })
  const head = `${(status.mode & 0o7777n).toString(8)} ${status.uid}:${status.gid}`
  const time = withTime ? ` ${status.mtimeNs}` : ""
  if (status.isSymbolicLink()) return `link ${await readlink(path)}`
  if (!status.isFile()) return `directory ${head}`
  const content = createHash("sha256")
    .update(await readFile(path))
    .digest("hex")
  return `file ${head}${time} ${status.size} ${content}`
}

const containerSchema = z.array(
  z.object({
    Image: z.string(),
    State: z.object({ Running: z.boolean() }),
    HostConfig: z.object({ RestartPolicy: z.object({ Name: z.string() }) }),
    Config: z.object({ Labels: z.record(z.string(), z.string()) }),
  }),
)

async function servicesOf(project: AppProject): Promise<Record<string, string>> {
  const label = `label=com.docker.compose.project=${project.name}`
  const ids = (await project.docker("ps", "--all", "--quiet", "--filter", label)).split("\n").filter((id) => id !== "")
  if (ids.length === 0) return {}
  const shown = containerSchema.parse(JSON.parse(await project.docker("inspect", ...ids)))
  const looks = shown.map(({ Image, State, HostConfig, Config }): [string, string] => [
    `${Config.Labels["com.docker.compose.service"] ?? "?"}-${Config.Labels["com.docker.compose.container-number"] ?? "?"}`,
    `${Image} ${HostConfig.RestartPolicy.Name} ${State.Running ? "running" : "down"}`,
  ])
  return Object.fromEntries(looks.toSorted(([left], [right]) => left.localeCompare(right)))
}

/** Resolves when the operation of this kind that is under way has begun the step. Read from the journal: nobody is asked who would settle it. */
export async function untilStepBegun(world: Pick<UpdateWorld, "cli">, kind: string, step: string): Promise<void> {
  const limit = Date.now() + 300_000
  while (!begunSteps(world, kind).includes(step)) {
    if (Date.now() > limit) throw new Error(`the step ${step} did not come`)
    await delay(20)
  }
}

function begunSteps(world: Pick<UpdateWorld, "cli">, kind: string): readonly string[] {
  const database = new DatabaseSync(join(world.cli.place.stateDirectory, "store.sqlite"), { readOnly: true, timeout: 5000 })
  try {
    const underWay = "SELECT id FROM operation WHERE kind = ? AND finished_at IS NULL"
    const rows = database.prepare(`SELECT name FROM step WHERE operation_id IN (${underWay})`).all(kind)
    return rows.map((row) => String(row["name"]))
  } finally {
    database.close()
  }
}
