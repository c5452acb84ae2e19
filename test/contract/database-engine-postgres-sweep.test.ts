/** What a throwaway server leaves behind when Holdfast is killed while it runs (F5). */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, readdir, readlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterEach, beforeEach, expect, it } from "vitest"
import { newOperationId } from "../../src/base/ids.ts"
import { serverBinaries } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"

const LIMIT_MS = 180_000
let bench: EngineBench

beforeEach(async () => {
  bench = await engineBench()
})

afterEach(async () => {
  await bench.close()
})

async function processesIn(place: string): Promise<number> {
  const where = await Promise.all((await readdir("/proc")).map(async (name) => await readlink(`/proc/${name}/cwd`).catch(() => "")))
  return where.filter((directory) => directory.startsWith(place)).length
}

it(
  "the server dies with a killed Holdfast, and sweeping removes its directory and nobody else's",
  async () => {
    const operationId = newOperationId(new Date())
    const other = { ...bench.context(), operationId: newOperationId(new Date()) }
    const major = /(\d+)\/bin$/.exec(await serverBinaries())?.[1] ?? ""
    const script = join(import.meta.dirname, "../fixture/postgres/scratch-and-hang.ts")
    const child = spawn(process.execPath, [script, operationId, major, bench.directory], { stdio: ["ignore", "pipe", "inherit"] })
    const exited = once(child, "exit")
    const place = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve)
      child.once("exit", () => reject(new Error("it ended before it was ready")))
    })
    expect(await processesIn(place)).toBeGreaterThan(0)

    child.kill("SIGKILL")
    await exited
    await waitFor(async () => (await processesIn(place)) === 0)
    expect(existsSync(place)).toBe(true)
    await bench.engine.sweepScratch?.(other.operationId, other)
    expect(existsSync(place)).toBe(true)
    await bench.engine.sweepScratch?.(operationId, bench.context())

    expect(existsSync(place)).toBe(false)
  },
  LIMIT_MS,
)

it(
  "a server that outlived its Holdfast is ended",
  async () => {
    const ctx = bench.context()
    const place = `/var/tmp/holdfast-scratch-${ctx.operationId}-orphan`
    await mkdir(join(place, "data"), { recursive: true })
    await writeFile(join(place, "data/postmaster.pid"), "1\n")
    const orphan = spawn("sleep", ["600"], { cwd: join(place, "data"), stdio: "ignore", detached: true })
    const ended = once(orphan, "exit")

    await bench.engine.sweepScratch?.(ctx.operationId, ctx)

    expect((await ended)[1]).toBe("SIGKILL")
    expect(existsSync(place)).toBe(false)
  },
  LIMIT_MS,
)
