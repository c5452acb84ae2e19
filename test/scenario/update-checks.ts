/** What has to hold after an update, whatever came of it. */
import { readFile, readdir } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect } from "vitest"
import type { z } from "zod"
import type { ErrorOutput } from "../../src/contract/output.ts"
import { updateHistoryOutput, updateOutput, updateReport, type updateEntry } from "../../src/contract/output-update.ts"
import { command } from "../fixture/docker/command.ts"
import type { AppProject } from "../fixture/versioned-app/project.ts"
import type { Version } from "../fixture/versioned-app/versions.ts"
import type { NumberWriter } from "../fixture/versioned-app/writer.ts"
import { APP, provenPoint, type UpdateWorld } from "./update-world.ts"

/** `update apply` that succeeds: what it did, hop after hop. */
export async function applied(
  world: Pick<UpdateWorld, "cli">,
  ...words: readonly string[]
): Promise<readonly z.infer<typeof updateReport>[]> {
  return (await world.cli.json(updateOutput, ["update", "apply", APP, "--yes", ...words])).applied
}

/** The marker that makes a version go wrong, in the live data alone: a rehearsal is done on a point of before it. */
export async function poisonLive(world: Pick<UpdateWorld, "project" | "cli">, version: Version): Promise<void> {
  await provenPoint(world.cli)
  await world.project.poison(version)
  await world.project.waitQuiet()
}

/** A command that must end with this error; the whole document is shown when it is another. */
export async function refused(world: Pick<UpdateWorld, "cli">, code: string, ...words: readonly string[]): Promise<ErrorOutput["error"]> {
  const error = await world.cli.error(...words)
  expect(error.code, JSON.stringify(error, null, 2)).toBe(code)
  return error
}

export async function lastEntry(world: UpdateWorld): Promise<z.infer<typeof updateEntry>> {
  const { entries } = await world.cli.json(updateHistoryOutput, ["update", "history", APP])
  const [newest] = entries
  if (newest === undefined) throw new Error("the history is empty")
  return newest
}

/** The report of the newest update as it is recorded, whatever came of it. */
export function recordedReport(world: UpdateWorld): z.infer<typeof updateReport> {
  const database = new DatabaseSync(join(world.cli.place.stateDirectory, "store.sqlite"), { readOnly: true })
  try {
    const row = database.prepare("SELECT result FROM operation WHERE kind = 'update' ORDER BY started_at DESC LIMIT 1").get()
    return updateReport.parse(JSON.parse(String(row?.["result"])))
  } finally {
    database.close()
  }
}

/** Other databases of the app's server: copies, kept and failed states. */
export async function databasesBeside(project: AppProject): Promise<readonly string[]> {
  const listed = await project.sql(
    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', 'shop') ORDER BY 1",
  )
  return listed.split("\n").filter((name) => name !== "")
}

/** Numbers of a writer in the live database, in order; bypasses the app. */
export async function numbersLive(project: AppProject, writer: string): Promise<readonly number[]> {
  return numbersIn(await project.sql(`SELECT number FROM entries WHERE writer = '${writer}' ORDER BY number`))
}

/** The same in a database beside the live one (PostgreSQL). */
export async function numbersBeside(project: AppProject, database: string, writer: string): Promise<readonly number[]> {
  const query = `SELECT number FROM entries WHERE writer = '${writer}' ORDER BY number`
  return numbersIn(await project.cli("exec", "-T", "postgres", "psql", "-X", "-U", "shop", "-d", database, "-At", "-c", query))
}

function numbersIn(text: string): readonly number[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(Number)
}

/** After an update that was kept: every acknowledged row and upload is there. */
export async function expectAllAcknowledged(project: AppProject, writer: NumberWriter): Promise<void> {
  // It may still be writing: what is acknowledged after the look is not asked for.
  const [acknowledged, uploaded] = [[...writer.acknowledged], [...writer.uploads]]
  const live = new Set(await numbersLive(project, writer.name))
  expect(acknowledged.filter((number) => !live.has(number))).toEqual([])
  const uploads = new Set(await readdir(await project.volumePath("uploads")))
  expect(uploaded.filter((name) => !uploads.has(name))).toEqual([])
}

/**
 * After an update was taken back: what was acknowledged before everything stood still is live; what was acknowledged later and is not live was acknowledged by
 * the new version, and is beside. Gives the number of rows that are beside alone.
 */
export async function expectNoneLost(
  world: Pick<UpdateWorld, "cli" | "project">,
  writer: NumberWriter,
  beside: readonly number[],
): Promise<number> {
  const live = new Set(await numbersLive(world.project, writer.name))
  const stoodStillAt = standstillOf(world)
  const gone = writer.acknowledged
    .map((number, index) => ({ number, at: writer.acknowledgedAt[index] ?? 0 }))
    .filter(({ number }) => !live.has(number))
  expect(gone.filter(({ at }) => at <= stoodStillAt)).toEqual([])
  const aside = new Set(beside)
  expect(gone.filter(({ number }) => !aside.has(number))).toEqual([])
  return beside.filter((number) => !live.has(number)).length
}

/** When the newest update had stopped everything that writes, in milliseconds since 1970. */
function standstillOf(world: Pick<UpdateWorld, "cli">): number {
  const database = new DatabaseSync(join(world.cli.place.stateDirectory, "store.sqlite"), { readOnly: true })
  try {
    const steps = "FROM step JOIN operation ON operation.id = step.operation_id WHERE kind = 'update' AND name = 'stop-writers'"
    const row = database.prepare(`SELECT at ${steps} ORDER BY at DESC LIMIT 1`).get()
    const at = Date.parse(String(row?.["at"]))
    expect(at).toBeGreaterThan(0)
    return at
  } finally {
    database.close()
  }
}

/** Nothing of ours is left in the engine, beside the app's files, or in our own scratch directory. */
export async function expectNothingOfOurs(world: Pick<UpdateWorld, "cli" | "project">): Promise<void> {
  const label = "label=holdfast.operation"
  const mine = (text: string): readonly string[] => text.split("\n").filter((line) => line.includes(world.project.name))
  expect(mine(await command(["docker", "ps", "--all", "--filter", label, "--format", "{{.Names}} {{.Labels}}"]))).toEqual([])
  expect(mine(await command(["docker", "network", "ls", "--filter", label, "--format", "{{.Name}} {{.Labels}}"]))).toEqual([])
  expect(mine(await command(["docker", "volume", "ls", "--filter", label, "--format", "{{.Name}} {{.Labels}}"]))).toEqual([])
  expect(await readdir(join(world.cli.place.stateDirectory, "scratch")).catch(() => [])).toEqual([])
}

/** The text of one of the project's files. */
export async function fileOf(project: AppProject, name: string): Promise<string> {
  return await readFile(join(project.directory, name), "utf8")
}
