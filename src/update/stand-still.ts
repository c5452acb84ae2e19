/** The time in which everything stands still: databases are copied beside, and what the trees are is noted (design §10, step 4). */
import { standStill, standstillToJson } from "../app/standstill.ts"
import { captureBesides, recaptureTrees, sealWithCopies, treesIn, type CapturedHalf } from "../backup/capture-in-parts.ts"
import type { Capture } from "../backup/capture-request.ts"
import { together } from "../backup/together.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled, type Journal } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import { databaseSource } from "../restore/replacement.ts"
import type { DatabaseSource } from "../app/app.ts"
import type { UpdateTools } from "./ports.ts"
import { databasesOf, treesOf, type Prepared } from "./prepared.ts"
import { putBackStopped } from "./put-back.ts"
import type { UpdateSteps } from "./steps.ts"
import { sameState } from "./tree/changes.ts"
import { makeNotesPlace, treeNotes } from "./tree/notes.ts"
import { writeTreeState } from "./tree/state.ts"
import type { StoodStill, Updating } from "./updating.ts"

/**
 * Everything up to the first change of something live. On any failure, and when it is cancelled, the app runs again as before and nothing is left
 * of it. Throws that failure, or OPERATION_UNSETTLED when the app could not be started again.
 */
export async function untilPin(
  tools: UpdateTools,
  updating: Updating,
  capture: Capture,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<StoodStill> {
  const { app, prepared } = updating
  try {
    const half = await captureRunning(tools, updating, capture, journal, ctx)
    const stoppedAt = ctx.clock.now()
    const details = { standstill: standstillToJson(prepared.standstill) }
    const stopping = async () => await standStill(tools, app, prepared.standstill, ctx)
    updating.warnings.push(...(await journal.step("stop-writers", details, stopping)))
    const kept = await keepBeside(tools, updating, half, journal, ctx)
    await updating.placing.requireSame(updating.texts)
    return { ...kept, stoppedAt }
  } catch (thrown) {
    if (!isHoldfastError(thrown, "LEASE_LOST")) await putBack(tools, updating, journal, ctx)
    throw thrown
  }
}

async function putBack(tools: UpdateTools, { app, prepared }: Updating, journal: Journal<UpdateSteps>, ctx: RunContext): Promise<void> {
  await owed(`starting ${app.name} again`, async () => {
    await journal.always("start-app", {}, async () => await putBackStopped(tools, app, prepared, uncancelled(ctx)))
  })
}

/** First what the trees are, then their content: what is still the same at standstill was captured as it is. */
async function captureRunning(
  tools: UpdateTools,
  { prepared }: Updating,
  capture: Capture,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<CapturedHalf> {
  await journal.step("note-trees", {}, async () => {
    for (const { swap } of treesOf(prepared.replacements)) {
      await makeNotesPlace(swap)
      await writeTreeState(swap.root, swap.stays, treeNotes(swap).running, ctx)
    }
  })
  return await captureBesides(tools, capture, journal, ctx)
}

async function keepBeside(
  tools: UpdateTools,
  updating: Updating,
  half: CapturedHalf,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<Omit<StoodStill, "stoppedAt">> {
  const [, kept] = await together<CapturedHalf>(
    [
      async (own) => {
        await cloneDatabases(tools, updating, journal, own)
        return half
      },
      async (own) => await surveyTrees(updating, half, journal, own),
    ],
    ctx,
  )
  const whole = kept ?? half
  const trees = Object.fromEntries(treesIn(whole).map((part) => [part.part, part.treeId]))
  if (updating.prepared.coldDatabases.length === 0) return { half: whole, trees, sealed: null }
  const point = await sealWithCopies(tools, whole, copiesOf(updating.app, updating.prepared), journal, ctx)
  return { half: whole, trees, sealed: point.manifest.id }
}

async function cloneDatabases(
  tools: UpdateTools,
  { app, prepared }: Updating,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<void> {
  for (const { source: name, names } of databasesOf(prepared.replacements)) {
    if (prepared.coldDatabases.includes(name)) continue
    const source = databaseSource(app, name)
    const engine = tools.databases.for(source)
    if (engine.cloneBeside === undefined)
      throw new HoldfastError("DATABASE_RENAME_REFUSED", { what: `database ${name} cannot be copied beside itself` })
    const cloning = async () => await engine.cloneBeside?.(source, names.kept, ctx)
    await journal.step("clone-database", { database: name }, cloning)
  }
}

/** A tree that is as it was when it was captured needs no more than the look. */
async function surveyTrees(updating: Updating, half: CapturedHalf, journal: Journal<UpdateSteps>, ctx: RunContext): Promise<CapturedHalf> {
  const changed = await journal.step("survey-trees", {}, async () => {
    const names: string[] = []
    for (const { part, swap } of treesOf(updating.prepared.replacements)) {
      const notes = treeNotes(swap)
      await writeTreeState(swap.root, swap.stays, notes.stopped, ctx)
      if (!(await sameState(notes.running, notes.stopped))) names.push(part.slice("files:".length))
    }
    return names
  })
  return changed.length === 0 ? half : await recaptureTrees(half, changed, journal, ctx)
}

/** Where each database lies as it was when everything stood still. */
export function copiesOf(app: Updating["app"], prepared: Prepared): ReadonlyMap<string, DatabaseSource> {
  const copies = new Map<string, DatabaseSource>()
  for (const { source: name, names } of databasesOf(prepared.replacements)) {
    if (prepared.coldDatabases.includes(name)) continue
    const source = databaseSource(app, name)
    if (source.engine === "postgres") copies.set(name, { ...source, database: names.kept })
    else if (source.engine === "sqlite") copies.set(name, { ...source, place: { path: names.kept } })
  }
  return copies
}
