/** How long an app is away while it is updated and taken back, beside what Compose alone takes to make the same services anew. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as delay } from "node:timers/promises"
import { z } from "zod"
import { formatBytes } from "../../src/base/units.ts"
import { startDocker, stop } from "../fixture/docker/dockerd.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { makeAppProject, type AppProject } from "../fixture/versioned-app/project.ts"
import { cliIn, describeRun, type Cli } from "../scenario/cli.ts"
import { APP, shopSettings } from "../scenario/shop-settings.ts"
import { startVendor, type Vendor } from "../scenario/vendor.ts"
import { CHAT_SCHEMA, writeMessages } from "./chat-database.ts"
import { once, shell } from "./measure.ts"
import { atMostLonger, type Keep } from "./row.ts"

const SMALL_BYTES = 10 * 1024 * 1024
/** Longer than Compose itself (design §14). */
const MOST_MS = 3000

export async function updateRows(place: string, sizeBytes: number, runs: number, keep: Keep): Promise<void> {
  await startDocker(updateImages)
  const vendorPlace = join(place, "update-vendor")
  mkdirSync(vendorPlace)
  const vendor = await startVendor(vendorPlace)
  try {
    for (const bytes of new Set([SMALL_BYTES, sizeBytes])) await rowsOfSize(join(place, `update-${bytes}`), vendor, bytes, runs, keep)
  } finally {
    await vendor.dispose()
    await stop()
  }
}

async function rowsOfSize(directory: string, vendor: Vendor, bytes: number, runs: number, keep: Keep): Promise<void> {
  await vendor.images.push("1.0.0")
  const project = await makeAppProject(join(directory, "app"), { registry: vendor.registry.name })
  const rules = { stability: "2s", timeout: "2m", rollbackWindow: "1h" }
  writeFileSync(join(project.directory, "holdfast.yaml"), JSON.stringify(shopSettings(directory, project, vendor, rules)))
  const cli = cliIn({ cwd: project.directory, stateDirectory: join(directory, "state") })
  mkdirSync(cli.place.stateDirectory)
  try {
    await project.up()
    await fill(project, directory, bytes)
    await measured(project, cli, vendor, formatBytes(bytes), runs, keep)
  } finally {
    await project.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measured(project: AppProject, cli: Cli, vendor: Vendor, size: string, runs: number, keep: Keep): Promise<void> {
  const [plain, updates, rollbacks, copies]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let run = 0; run < runs; run += 1) {
    plain.push(
      await awayDuring(project, async () => void (await project.cli("up", "--detach", "--no-deps", "--force-recreate", "web", "worker"))),
    )
  }
  await good(cli, "backup")
  await good(cli, "drill", "--level", "restored")
  await vendor.publish("1.0.14")
  for (let run = 0; run < runs; run += 1) {
    const again = run === 0 ? [] : ["--again"]
    updates.push(await awayDuring(project, async () => await good(cli, "update", "apply", APP, "--yes", ...again)))
    copies.push(copyMs(cli))
    rollbacks.push(await awayDuring(project, async () => await good(cli, "update", "rollback", APP, "--yes")))
  }
  const compose = "docker compose up -d --force-recreate"
  keep(
    atMostLonger(
      `downtime of an update, database of ${size}`,
      median(updates),
      `${compose}, and the copy`,
      median(plain) + median(copies),
      MOST_MS,
    ),
    atMostLonger(`downtime of its rollback, database of ${size}`, median(rollbacks), compose, median(plain), MOST_MS),
  )
}

/** The longest time between two good answers while it happens, and until the app is well again. */
async function awayDuring(project: AppProject, action: () => Promise<void>): Promise<number> {
  await project.waitHealthy()
  const asking = new AbortController()
  const longest = longestGap(project, asking.signal)
  await action()
  await project.waitHealthy()
  asking.abort()
  return await longest
}

async function longestGap(project: AppProject, signal: AbortSignal): Promise<number> {
  let [lastGoodMs, longestMs] = [performance.now(), 0]
  while (!signal.aborted) {
    const answer = await project.health()
    if (answer?.body.status === "ok") {
      longestMs = Math.max(longestMs, performance.now() - lastGoodMs)
      lastGoodMs = performance.now()
    }
    await delay(10)
  }
  return longestMs
}

const stepRow = z.object({ name: z.string(), at: z.string() })

/** From the beginning of the update's copy to the first edited file: trees are looked at meanwhile, and nothing else is waited for. */
function copyMs(cli: Cli): number {
  const store = new DatabaseSync(join(cli.place.stateDirectory, "store.sqlite"), { readOnly: true })
  try {
    const newest = "(SELECT id FROM operation WHERE kind = 'update' ORDER BY started_at DESC LIMIT 1)"
    const steps = z.array(stepRow).parse(store.prepare(`SELECT name, at FROM step WHERE operation_id = ${newest} ORDER BY position`).all())
    const atOf = (step: string): string | undefined => steps.find(({ name }) => name === step)?.at
    const [begun, next] = [atOf("clone-database"), atOf("pin")]
    if (begun === undefined || next === undefined) throw new Error("the update did not copy the database")
    return Date.parse(next) - Date.parse(begun)
  } finally {
    store.close()
  }
}

async function good(cli: Cli, ...words: readonly string[]): Promise<void> {
  const ended = await cli.run(...words)
  if (ended.exitCode !== 0) throw new Error(describeRun(words, ended))
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0
}

/** Beside the app's own tables, so that no migration touches it. */
async function fill(project: AppProject, directory: string, bytes: number): Promise<void> {
  const [schema, file] = [join(directory, "schema.sql"), join(directory, "messages.tsv")]
  writeFileSync(schema, CHAT_SCHEMA)
  await writeMessages(file, 1, { messages: Infinity, bytes }, 1)
  const psql = `docker exec --interactive ${project.name}-postgres-1 psql -q -v ON_ERROR_STOP=1 -U shop -d shop`
  await once(shell(`${psql} < ${schema}; ${psql} -c "copy messages from stdin" < ${file}`))
  // Within the container's shared memory.
  await once(shell(`${psql} -c "vacuum (parallel 0, analyze) messages" -c checkpoint`))
  rmSync(file)
}
