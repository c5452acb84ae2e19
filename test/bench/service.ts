/** The rows about a service that runs for long: its memory over real runs of every minute, and its processor time while nothing is due. */
import { spawn, type ChildProcess } from "node:child_process"
import { once as event } from "node:events"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { collectedMemory, inspectable } from "./collected-memory.ts"
import { launcher, stockSettings } from "./workplace.ts"
import { grownBy, atMostPercentOfTime, type Keep } from "./row.ts"

const BUSY_APPS = 5
const IDLE_APPS = 50
const MINUTE_MS = 60_000
const SAMPLE_EVERY_MS = 30_000
/** What is loaded at the first runs is loaded once. */
const WARM_UP = 0.1
const MOST_GROWTH_PERCENT = 5
const MOST_IDLE_PERCENT = 1

export async function serviceRows(directory: string, minutes: number, keep: Keep): Promise<void> {
  const idleMs = Math.min(5, minutes) * MINUTE_MS
  const idle = await served(join(directory, "idle-service"), IDLE_APPS, "0 3 29 2 *", async (service) => await idlePercent(service, idleMs))
  keep(atMostPercentOfTime(`service with ${IDLE_APPS} apps and nothing due`, idle, MOST_IDLE_PERCENT))
  const sizes = await served(
    join(directory, "busy-service"),
    BUSY_APPS,
    "* * * * *",
    async (service, port) => await sizesOf(service, port, minutes),
  )
  const steady = sizes.slice(Math.ceil(sizes.length * WARM_UP))
  const third = Math.ceil(steady.length / 3)
  const work = `memory that the service holds after a collection, in the last third of ${minutes} minutes with ${BUSY_APPS} backups each`
  keep(grownBy(work, middle(steady.slice(-third)), "in the first third", middle(steady.slice(0, third)), MOST_GROWTH_PERCENT))
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0
}

async function served<T>(
  directory: string,
  apps: number,
  cron: string,
  use: (service: ChildProcess, port: number) => Promise<T>,
): Promise<T> {
  const { port, environment } = await inspectable()
  const service = startService(directory, apps, cron, environment)
  try {
    await delay(MINUTE_MS / 6)
    const measured = await use(service, port)
    if (service.exitCode !== null) throw new Error(`the service ended by itself with exit code ${service.exitCode}`)
    return measured
  } finally {
    service.kill("SIGTERM")
    if (service.exitCode === null) await event(service, "exit")
  }
}

function startService(directory: string, apps: number, cron: string, environment: Readonly<Record<string, string>>): ChildProcess {
  mkdirSync(join(directory, "tree"), { recursive: true })
  writeFileSync(join(directory, "tree", "file"), "one file")
  const app = `    files: { uploads: { path: ${join(directory, "tree")} } }\n    schedules: { often: { cron: "${cron}" } }\n`
  const names = Array.from({ length: apps }, (_, index) => `app${index}`)
  const settings = join(directory, "holdfast.yaml")
  const stock = stockSettings(join(directory, "vault"), Object.fromEntries(names.map((name) => [name, app])))
  writeFileSync(settings, `${stock}panel: { listen: "127.0.0.1:0" }\n`)
  const words = ["--config", settings, "--state-dir", join(directory, "state"), "--quiet", "serve"]
  return spawn(launcher, words, { stdio: "ignore", env: { ...process.env, ...environment } })
}

/** What is alive is what is left after a collection; how far memory grows until then is up to the engine. */
async function sizesOf(service: ChildProcess, port: number, minutes: number): Promise<readonly number[]> {
  const sizes: number[] = []
  const memory = await collectedMemory(service, port)
  const until = performance.now() + minutes * MINUTE_MS
  while (performance.now() < until && service.exitCode === null) {
    const before = residentBytes(service)
    sizes.push(await memory.residentBytes())
    if (process.env["HOLDFAST_BENCH_SHOW"] === "1")
      console.error(`${new Date().toISOString()} ${before} ${sizes.at(-1)} ${await memory.heapBytes()}`)
    await delay(SAMPLE_EVERY_MS)
  }
  memory.close()
  return sizes
}

async function idlePercent(service: ChildProcess, durationMs: number): Promise<number> {
  const before = processorMs(service)
  await delay(durationMs)
  return (100 * (processorMs(service) - before)) / durationMs
}

function residentBytes({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024
}

/** User and system time; the kernel counts in hundredths of a second. */
function processorMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}
