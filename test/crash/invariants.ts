/** What must hold after a crash and the command that follows it (invariants 1, 2, 4 and 5). */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect } from "vitest"
import { pointsOutput, verifyOutput } from "../../src/contract/output.ts"
import { isFullRun } from "../fixture/size.ts"
import type { Cli } from "../scenario/cli.ts"

/** Every listed point, newest first. */
export async function pointIds(cli: Cli, app: string): Promise<readonly string[]> {
  return (await cli.json(pointsOutput, ["points", app])).points.map((point) => point.id)
}

/** The newest listed point reads back to its last byte, in the full run one more does; returns all ids. */
export async function expectPointsWhole(cli: Cli, app: string): Promise<readonly string[]> {
  const ids = await pointIds(cli, app)
  expect(ids.length, "no point is left").toBeGreaterThan(0)
  const [newest, ...others] = ids
  const another = isFullRun ? others[Math.floor(Math.random() * others.length)] : undefined
  for (const id of [newest, another]) {
    if (id === undefined) continue
    const verified = await cli.json(verifyOutput, ["verify", app, id])
    expect(verified.point).toBe(id)
  }
  return ids
}

/** Asked of the store itself: a command that asks would settle it. */
export function expectNothingUnfinished(stateDirectory: string): void {
  const database = new DatabaseSync(join(stateDirectory, "store.sqlite"), { readOnly: true })
  try {
    expect(database.prepare("SELECT id, kind FROM operation WHERE finished_at IS NULL").all()).toEqual([])
    expect(database.prepare("SELECT * FROM lease").all()).toEqual([])
  } finally {
    database.close()
  }
}

/** Nothing of ours lies about: private copies, pipes, staged or failed states. `keptAllowed`: a restore's old state may be there for undo. */
export async function expectNoLeftovers(directory: string, options: { keptAllowed: boolean }): Promise<void> {
  const scratch = await readdir(join(directory, "state/scratch")).catch(() => [])
  expect(scratch, "the scratch directory is not empty").toEqual([])
  const names = await readdir(join(directory, "app"), { recursive: true })
  const ours = names.filter((name) => /\.holdfast-/.test(name) && !(options.keptAllowed && /\.holdfast-kept-/.test(name)))
  expect(ours, "something of ours is left beside the app's data").toEqual([])
}

/** Command lines of processes that name this directory: nothing of a killed run goes on. */
export async function processesNaming(text: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const words = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")
    if (words.includes(text)) found.push(words.replaceAll("\0", " "))
  }
  return found
}
