/**
 * The update of a plain program on a copy of its data: the newest proven point is laid out beside, and the commands of the new version run on
 * it. The program itself is not started: its port, and what else it needs of this machine, belong to the one that runs.
 */
import { mkdir } from "node:fs/promises"
import { basename, join } from "node:path"
import type { App, Argv, DatabaseSource } from "../../app/app.ts"
import { schemaQueries } from "../../app/schema-queries.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { assertDatabase } from "../../drill/assert-database.ts"
import { databasePart } from "../../drill/database-part.ts"
import type { Fetched } from "../../drill/fetch.ts"
import { passed, type Assertion } from "../../drill/report.ts"
import type { InstallableRelease, ReleaseCommand } from "../../release/installable.ts"
import { requireSameFacts, stageDump, type Origin } from "../../restore/stage.ts"
import { updateRules } from "../find/find-tools.ts"
import { runCommandOf, type CommandData } from "../place/plain-commands.ts"
import { isolationFor, type Isolation } from "./plain-isolation.ts"
import type { UpdateTools } from "../ports.ts"
import { quietEnvironment } from "./quiet-environment.ts"
import { lastWords } from "../last-words.ts"
import { schemaChange, unchangedSchema } from "./schema-change.ts"
import { observeSchemas, type ObservedDatabase } from "./schema-facts.ts"
import { timeClones } from "./time-clones.ts"
import { hardLimitMs } from "../update-gate.ts"
import type { Rehearsal, SchemaChange } from "../update-plan.ts"

export interface PlainPlace {
  readonly tools: UpdateTools
  readonly app: App
  readonly origin: Origin
  readonly release: InstallableRelease
}

export interface FoundBeside extends Omit<Rehearsal, "operationId" | "point" | "version" | "at"> {
  /** Null where a key did not fit. */
  readonly proven: { readonly durationMs: number; readonly assertions: readonly Assertion[] } | null
}

type Sources = Readonly<Record<string, DatabaseSource>>
type Observed = Readonly<Record<string, ObservedDatabase>>

/** Throws DATABASE_FACTS_DIFFER for a point that does not come back as it was. A command that fails is a value. */
export async function rehearseBeside(place: PlainPlace, fetched: Fetched, directory: string, ctx: RunContext): Promise<FoundBeside> {
  const startedMs = ctx.clock.monotonicMs()
  return await withCopies(
    place,
    directory,
    place.app.databases,
    {},
    async (sources, copiesCtx) => {
      const { tools, app } = place
      const before = await observeSchemas(tools.databases, app, sources, copiesCtx)
      const assertions = [...fetched.assertions, ...(await assertCopies(place, sources, before, fetched, copiesCtx))]
      const durationMs = Math.round(copiesCtx.clock.monotonicMs() - startedMs)
      const cloneMs = await timeClones(tools, Object.values(sources), copiesCtx)
      const played = await runCommands(place, { databases: sources, files: fetched.trees, rehearsal: true }, copiesCtx)
      const schema = await changeSince(place, sources, before, played.passed, copiesCtx)
      const proven = passed(assertions) ? { durationMs, assertions } : null
      return { ...played, ...(cloneMs === null ? {} : { cloneMs }), startMs: 0, schema, proven }
    },
    ctx,
  )
}

/** A SQLite file lies in our own directory; a server is a throwaway one, which is there for the time of `use`. */
async function withCopies<T>(
  place: PlainPlace,
  directory: string,
  left: readonly DatabaseSource[],
  done: Sources,
  use: (sources: Sources, ctx: RunContext) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const [source, ...others] = left
  if (source === undefined) return await use(done, ctx)
  const { tools, app, origin } = place
  const go = async (copy: DatabaseSource, own: RunContext): Promise<T> =>
    await withCopies(place, directory, others, { ...done, [source.name]: copy }, use, own)
  // Of a database that only commands can dump there is no copy to work on.
  if (source.engine === "command") return await withCopies(place, directory, others, done, use, ctx)
  const part = databasePart(origin, source.name)
  const own = join(directory, "database", source.name)
  await mkdir(own, { recursive: true, mode: 0o700 })
  if (source.engine === "sqlite") {
    const file = "volume" in source.place ? source.name : basename(source.place.path)
    const copy = { ...source, place: { path: join(own, file) } }
    await layOut(place, copy, ctx)
    return await go(copy, ctx)
  }
  const majorVersion = part.facts.engineVersion.split(".")[0] ?? part.facts.engineVersion
  const request = { image: null, majorVersion, shape: part.shape, directory: own }
  return await tools.databases.for(source).scratch(
    source,
    request,
    async (scratch, scratchCtx) => {
      const names = tools.databases.for(scratch).planNames(scratch, ctx.operationId)
      const target = { source: scratch, name: names.staged, schema: schemaQueries(app, source) }
      const { name } = await stageDump(tools.databases, origin, part, target, scratchCtx)
      return await go(scratch.engine === "postgres" ? { ...scratch, name: source.name, database: name } : scratch, scratchCtx)
    },
    ctx,
  )
}

async function layOut({ tools, app, origin }: PlainPlace, copy: DatabaseSource, ctx: RunContext): Promise<void> {
  const engine = tools.databases.for(copy)
  const names = engine.planNames(copy, ctx.operationId)
  const target = { source: copy, name: names.staged, schema: schemaQueries(app, copy) }
  await stageDump(tools.databases, origin, databasePart(origin, copy.name), target, ctx)
  await engine.swapIn(copy, names, ctx)
}

async function assertCopies(
  { tools, app, origin }: PlainPlace,
  sources: Sources,
  before: Observed,
  fetched: Fetched,
  ctx: RunContext,
): Promise<readonly Assertion[]> {
  const assertions: Assertion[] = []
  for (const [name, { facts }] of Object.entries(before)) {
    const [part, source] = [databasePart(origin, name), sources[name]]
    requireSameFacts(part, facts)
    if (source === undefined) continue
    const drilled = await assertDatabase(tools, app, origin, part, { source, database: null, facts }, fetched, ctx)
    assertions.push(...drilled.assertions)
  }
  for (const one of assertions) if (!one.passed) ctx.progress.warn(`${origin.point.manifest.id}: ${one.name}: ${one.detail}`)
  return assertions
}

type Commanded = Pick<Rehearsal, "passed" | "why" | "preFlightMs" | "migrateMs">

async function runCommands(place: PlainPlace, data: CommandData, ctx: RunContext): Promise<Commanded> {
  const { preFlight, migrate } = place.release
  if (preFlight === null && migrate === null) return { passed: true, why: null, preFlightMs: null, migrateMs: null }
  const isolate = await isolationFor(place.tools.commands, place.app, ctx)
  ctx.progress.note(isolate === null ? WITHOUT_NAMESPACES : IN_NAMESPACES)
  const checked = await runOne(place, "pre-flight", preFlight, data, isolate, ctx)
  if (checked.why !== null) return { passed: false, why: checked.why, preFlightMs: checked.ms, migrateMs: null }
  const migrated = await runOne(place, "migrate", migrate, data, isolate, ctx)
  return { passed: migrated.why === null, why: migrated.why, preFlightMs: checked.ms, migrateMs: migrated.ms }
}

const IN_NAMESPACES = "rehearsal: commands run without a network, and cannot write the directories of the live data"
const WITHOUT_NAMESPACES =
  "rehearsal: this machine allows no namespaces here: commands are led to the copy by their variables alone, and reach the network"

async function runOne(
  { tools, app, release }: PlainPlace,
  what: string,
  command: ReleaseCommand | null,
  data: CommandData,
  isolate: Isolation | null,
  ctx: RunContext,
): Promise<{ readonly ms: number | null; readonly why: string | null }> {
  if (command === null) return { ms: null, why: null }
  const startedMs = ctx.clock.monotonicMs()
  const elapsed = (): number => Math.round(ctx.clock.monotonicMs() - startedMs)
  const named = `${what} (${command.argv.join(" ")})`
  const argv: Argv = isolate === null ? command.argv : isolate(command.argv)
  const quiet = Object.fromEntries(Object.values(quietEnvironment(app)).flatMap((variables) => Object.entries(variables)))
  try {
    const limits = { timeoutMs: hardLimitMs(updateRules(app)), quiet }
    const ended = await runCommandOf(tools.commands, release, argv, data, limits, ctx)
    if (ended.exitCode === 0) return { ms: elapsed(), why: null }
    return { ms: elapsed(), why: `${named} ended with exit code ${ended.exitCode}${lastWords(`${ended.stdout}\n${ended.stderrTail}`)}` }
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (!isHoldfastError(thrown)) throw thrown
    return { ms: elapsed(), why: `${named}: ${thrown.message}${lastWords(thrown.why ?? "")}` }
  }
}

async function changeSince(
  place: PlainPlace,
  sources: Sources,
  before: Observed,
  didWell: boolean,
  ctx: RunContext,
): Promise<SchemaChange> {
  try {
    const after = await observeSchemas(place.tools.databases, place.app, sources, ctx)
    return schemaChange(before, after, place.app.recipe?.volatileTables)
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (didWell || !isHoldfastError(thrown)) throw thrown
    return unchangedSchema
  }
}
