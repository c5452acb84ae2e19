/** The way back: files, names of images, databases and trees are those of before, and the old version runs (design §10, step 7). */
import type { App } from "../app/app.ts"
import { gate, requirePassed, type GateReport } from "../app/gate.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { Json } from "../base/canonical-json.ts"
import { isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { rowsAddedSince } from "../recovery-point/facts.ts"
import { findPoint } from "../recovery-point/recovery-point.ts"
import { databaseSource, swapBack, swapIn, type Replacement } from "../restore/replacement.ts"
import { stageDatabase } from "../restore/stage.ts"
import type { OpenVault } from "../vault/vault.ts"
import { movesDatabaseServices, startDatabases, startOld, stopAll } from "./bring-up.ts"
import { placeOld } from "./place/place.ts"
import type { UpdateTools } from "./ports.ts"
import { databasesOf, treesOf, type Prepared, type TreesBefore } from "./prepared.ts"
import { refillOnce } from "./refill.ts"
import type { goBackSteps } from "./steps.ts"
import { putTreeBack } from "./tree/put-back.ts"

/** Takes one step, journaled or (when settling) not. */
export type TakeStep = <T>(name: keyof typeof goBackSteps, details: Json, action: () => Promise<T>) => Promise<T>

export interface GoingBack {
  readonly app: App
  readonly vault: OpenVault
  readonly prepared: Prepared
  readonly trees: TreesBefore
  /** Where they were counted already, while the app still ran. */
  readonly rowsBefore?: RowsBefore
}

/** By database and table: for the count of what the state that is set aside has more. */
export type RowsBefore = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface WentBack {
  readonly firstGoodAt: Date | null
  readonly rowsBefore: RowsBefore
}

/**
 * Goes back. Every part of it decides from what exists and may be repeated after a crash.
 * Throws whatever kept it from happening; the app is then stopped, its data is where it was before or after the part that failed.
 */
export async function goBack(tools: UpdateTools, back: GoingBack, take: TakeStep, ctx: RunContext): Promise<WentBack> {
  const { app, prepared } = back
  // Counted beside the stop, which takes its time: the way back is to take no longer for a larger database.
  const counting = async (): Promise<RowsBefore> => back.rowsBefore ?? (await countRowsBefore(tools, back, ctx))
  const stopping = async () => await Promise.all([counting(), stopAll(tools, app, prepared.standstill, ctx)])
  const [rowsBefore] = await take("roll-back", {}, stopping)
  await take("put-back-files", {}, async () => await putBackFiles(tools, app, prepared, ctx))
  for (const database of databasesOf(prepared.replacements)) {
    await take("swap-back", { database: database.source }, async () => await swapDatabaseBack(tools, back, database, ctx))
  }
  for (const tree of treesOf(prepared.replacements)) {
    await take("put-back-tree", { part: tree.part }, async () => await putBackTree(back, tree, ctx))
  }
  await take("start-old", {}, async () => await startOld(tools, app, prepared, ctx))
  const report = await take("gate-old", {}, async () => await gateOld(tools, app, prepared, ctx))
  return { firstGoodAt: report?.firstGoodAt ?? null, rowsBefore }
}

async function putBackFiles(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  await placeOld(tools, app, prepared, ctx)
  // A database that the old files run has to run before it can be swapped.
  if (movesDatabaseServices(app, prepared)) await startDatabases(tools, app, prepared, ctx)
}

async function swapDatabaseBack(
  tools: UpdateTools,
  back: GoingBack,
  replacement: Extract<Replacement, { kind: "database" }>,
  ctx: RunContext,
): Promise<void> {
  if (back.prepared.refilled.includes(replacement.source)) return await refillOnce(tools, back, replacement, ctx)
  if (back.prepared.coldDatabases.includes(replacement.source)) return await restoreCold(tools, back, replacement, ctx)
  await swapBack(tools, back.app, replacement, ctx)
}

/** No copy lies beside: it comes out of the point that was taken while everything stood still. What is live goes where failed states go. */
async function restoreCold(
  tools: UpdateTools,
  { app, vault, prepared }: GoingBack,
  replacement: Extract<Replacement, { kind: "database" }>,
  ctx: RunContext,
): Promise<void> {
  const source = databaseSource(app, replacement.source)
  const engine = tools.databases.for(source)
  const now = await engine.observe(source, replacement.names, ctx)
  if (now.failed && !now.staged) return
  if (!now.staged) {
    const point = await findPoint(vault, tools.store, app.name, prepared.safetyPoint, ctx)
    const part = point.manifest.parts.find((candidate) => candidate.part === replacement.part)
    if (part?.kind === "database") await stageDatabase(tools, app, { vault, point }, part, replacement, ctx)
  }
  const { live, staged, kept, failed } = replacement.names
  await swapIn(tools, app, { ...replacement, names: { live, staged, kept: failed, failed: kept } }, ctx)
}

async function putBackTree(
  { app, vault, prepared, trees }: GoingBack,
  tree: Extract<Replacement, { kind: "tree" }>,
  ctx: RunContext,
): Promise<void> {
  const treeId = trees[tree.part]
  if (treeId === undefined) return
  const content = { vault, app: app.name, part: tree.part, point: prepared.safetyPoint, treeId }
  const { changed } = await putTreeBack(tree.swap, content, ctx)
  if (changed > 0) ctx.progress.note(`${tree.part}: ${changed} changes of the new version were taken back`)
}

/**
 * Rows of the state that comes back: of its copy, of the point that it comes from, or of what is live where it is back already. What cannot
 * be counted is not known; the way back does not depend on it.
 */
export async function countRowsBefore(
  tools: UpdateTools,
  place: Pick<GoingBack, "app" | "vault" | "prepared">,
  ctx: RunContext,
): Promise<RowsBefore> {
  const counted: Record<string, Readonly<Record<string, number>>> = {}
  for (const database of databasesOf(place.prepared.replacements)) {
    try {
      const rows = await rowsBeforeIn(tools, place, database, ctx)
      if (rows !== null) counted[database.source] = rows
    } catch (thrown) {
      ctx.progress.warn(`rows of database ${database.source} were not counted: ${messageOf(thrown)}`)
    }
  }
  return counted
}

/** By table; null where nothing of the state before is there to be counted. Throws what the vault and the engine throw. */
export async function rowsBeforeIn(
  tools: UpdateTools,
  { app, vault, prepared }: Pick<GoingBack, "app" | "vault" | "prepared">,
  { source: name, part: partName, names }: Extract<Replacement, { kind: "database" }>,
  ctx: RunContext,
): Promise<Readonly<Record<string, number>> | null> {
  if (prepared.coldDatabases.includes(name)) {
    const point = await findPoint(vault, tools.store, app.name, prepared.safetyPoint, ctx)
    const part = point.manifest.parts.find((candidate) => candidate.part === partName)
    return part?.kind === "database" ? part.facts.rows : null
  }
  const source = databaseSource(app, name)
  const engine = tools.databases.for(source)
  const now = await engine.observe(source, names, ctx)
  const isBack = !now.kept && now.failed && !now.staged
  if (!now.kept && !isBack) return null
  return (await engine.facts(source, now.kept ? names.kept : null, schemaQueries(app, source), ctx)).rows
}

/** The first good answer is when the app was back: it is measured to a fraction of a second. */
const LOOK_EVERY_MS = 300

/** A state that was not well when it was replaced cannot be held to the gate. */
async function gateOld(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<GateReport | null> {
  if (!prepared.wellBefore) {
    ctx.progress.warn(`${app.name} was not well before the update either; it is not judged by its health`)
    return null
  }
  const report = await gate(app, tools, { kind: "live" }, ctx, { ignoreServices: prepared.standstill.rested, intervalMs: LOOK_EVERY_MS })
  requirePassed(app, report)
  return report
}

export interface RowsBeside {
  readonly database: string
  readonly table: string
  readonly rows: number
}

/** Rows that the state which was set aside has more than the one of before, by table. Asked once the app is up again. */
export async function rowsSetAside(
  tools: UpdateTools,
  app: App,
  prepared: Prepared,
  went: WentBack,
  ctx: RunContext,
): Promise<readonly RowsBeside[]> {
  const found: RowsBeside[] = []
  for (const { source: name, names } of databasesOf(prepared.replacements)) {
    const source = databaseSource(app, name)
    const engine = tools.databases.for(source)
    const before = went.rowsBefore[name]
    try {
      if (before === undefined || !(await engine.observe(source, names, ctx)).failed) continue
      await engine.openBeside?.(source, names.failed, ctx)
      const { rows } = await engine.facts(source, names.failed, schemaQueries(app, source), ctx)
      found.push(...rowsAddedSince(before, rows).map((change) => ({ database: name, ...change })))
    } catch (thrown) {
      if (!isHoldfastError(thrown)) throw thrown
      ctx.progress.warn(`rows of the state of database ${name} that was set aside were not counted: ${messageOf(thrown)}`)
    }
  }
  return found
}
