import { readdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { App, PostgresSource } from "../../app/app.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { trouble, type Finding } from "../finding.ts"
import type { DoctorTools } from "../ports.ts"

/** The operation's id at the end of every name that a replacement gives. */
const ENDING = /(?:^\.holdfast|[_-](?:restore|staged|kept|failed))[_-](\d{8}t\d{6}-[0-9a-f]{6})$/

/**
 * Databases, files and directories that a replacement named and that no operation and no kept state knows: a store was lost, or somebody
 * swapped by hand. They are named, never removed: one of them may be the state that is missed.
 */
export async function stagedFindings(tools: DoctorTools, app: App, ctx: RunContext): Promise<readonly Finding[]> {
  const needed = await neededOperations(tools, app)
  const isLeft = (name: string): boolean => {
    const operation = ENDING.exec(name)?.[1]
    return operation !== undefined && !needed.has(operation)
  }
  const databases = await databaseNames(tools, app, ctx)
  const paths = await pathsBeside(app)
  return [
    ...databases.filter(isLeft).map((name) => left(app, `database ${name}`, `DROP DATABASE "${name.replaceAll('"', '""')}"`)),
    ...paths.filter(({ name }) => isLeft(name)).map(({ path }) => left(app, path, `rm -r ${path}`)),
  ]
}

function left(app: App, what: string, remedy: string): Finding {
  const text = `${what} was put beside by a restore, and no operation or kept state knows it any more`
  return trouble("warn", "leftovers", app.name, text, `Look at what it holds; if nothing is missed, remove it: ${remedy}`)
}

async function neededOperations(tools: DoctorTools, app: App): Promise<ReadonlySet<string>> {
  const unfinished = await tools.store.operations({ app: app.name, unfinished: true })
  const kept = (await tools.store.kept(app.name)).filter((record) => record.releasedAt === null)
  return new Set([...unfinished.map((operation) => operation.id), ...kept.map((record) => record.operationId)])
}

/** A long name is cut before the ending is put on, so its beginning tells whose it is. */
const TELLING_CHARACTERS = 20

async function databaseNames(tools: DoctorTools, app: App, ctx: RunContext): Promise<readonly string[]> {
  const sources = app.databases.filter((source) => source.engine === "postgres")
  const found = await Promise.all(sources.map(async (source) => await namesOn(tools, source, ctx)))
  return found.flat()
}

async function namesOn(tools: DoctorTools, source: PostgresSource, ctx: RunContext): Promise<readonly string[]> {
  try {
    const rows = await tools.databases
      .for<PostgresSource>(source)
      .query(source, null, "SELECT datname FROM pg_catalog.pg_database ORDER BY 1", ctx)
    const beginning = source.database.slice(0, TELLING_CHARACTERS)
    return rows.flatMap(([name]) => (typeof name === "string" && name.startsWith(beginning) ? [name] : []))
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    // That the server does not answer is told by the check of the databases.
    return []
  }
}

async function pathsBeside(app: App): Promise<readonly { path: string; name: string }[]> {
  const trees = app.files.flatMap(({ place }) => ("volume" in place ? [] : [place.path, dirname(place.path)]))
  const files = app.databases.flatMap((source) =>
    source.engine === "sqlite" && !("volume" in source.place) ? [dirname(source.place.path)] : [],
  )
  const directories = new Set([...trees, ...files, ...[...app.secrets, ...app.configuration].map((path) => dirname(path))])
  const listed = await Promise.all(
    [...directories].map(async (directory) => (await namesIn(directory)).map((name) => ({ path: join(directory, name), name }))),
  )
  return listed.flat()
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => [])
}
