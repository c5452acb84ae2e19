/** Taking an update back that was kept: images, configuration and data together, within its window (design §10). */
import { z } from "zod"
import type { App } from "../app/app.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { AppUnderCare } from "../backup/backup.ts"
import { capturePoint } from "../backup/capture.ts"
import { plainBackup } from "../backup/options.ts"
import { HoldfastError, isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import type { KeptRecord, OperationRecord } from "../operation/ports.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { rowsAddedSince } from "../recovery-point/facts.ts"
import { keptStateOf } from "../restore/kept.ts"
import { databaseSource } from "../restore/replacement.ts"
import { standstillOf } from "../restore/unstoppable.ts"
import type { OpenVault } from "../vault/vault.ts"
import { dependenciesRest } from "./place/dependencies.ts"
import { countRowsBefore, goBack, rowsBeforeIn, rowsSetAside, type GoingBack, type RowsBeside } from "./go-back.ts"
import { keepSetAside } from "./keep.ts"
import { requireVersionBefore } from "./place/plain-install.ts"
import { requireUnmoved } from "./place/lead-checkout.ts"
import type { UpdateTools } from "./ports.ts"
import { databasesOf, keptUpdateFromJson, keptUpdateToJson, type KeptUpdate } from "./prepared.ts"
import { rollBackSteps } from "./steps.ts"

/** What going back would do, before anything is changed. */
export interface RollbackPlan {
  readonly app: string
  /** The update that is undone. */
  readonly operationId: string
  readonly from: string
  readonly to: string | null
  readonly appliedAt: string
  readonly keptUntil: string
  readonly services: readonly string[]
  readonly databases: readonly string[]
  /** Files that come back byte for byte. */
  readonly files: readonly string[]
  readonly trees: readonly string[]
  /** Rows written since the update, which the old state does not have; they are kept beside. */
  readonly rowsLost: readonly RowsBeside[]
  /** From how long the update itself was down; null when nothing is known. */
  readonly expectedMs: number | null
  readonly warnings: readonly string[]
}

export interface RollbackReport {
  readonly operationId: string
  readonly undone: string
  readonly app: string
  readonly from: string
  readonly to: string | null
  /** What was live before the rollback, as a point. */
  readonly safetyPoint: string
  readonly downtimeMs: number
  readonly durationMs: number
  readonly rowsKeptBeside: readonly RowsBeside[]
  readonly warnings: readonly string[]
}

export interface FoundUpdate {
  readonly record: KeptRecord
  readonly kept: KeptUpdate
  readonly safetyPoint: string | null
}

/**
 * What was written since, what will be lost and what comes back.
 * @param operationId null: the latest update
 * Throws UPDATE_ROLLBACK_CLOSED when there is nothing (any more) to go back to, naming the command that restores instead.
 */
export async function planRollback(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  operationId: string | null,
  ctx: RunContext,
): Promise<RollbackPlan> {
  const { record, kept } = await findUpdate(tools, app, operationId, ctx)
  const { prepared } = kept
  await requireUnmoved(tools, prepared.checkout, ctx)
  const operation = await tools.store.operation(record.operationId)
  const { rows, warnings } = await rowsSince(tools, { app, vault, prepared }, ctx)
  return {
    app: app.name,
    operationId: record.operationId,
    from: prepared.to,
    to: prepared.from,
    appliedAt: (operation?.finishedAt ?? operation?.startedAt ?? ctx.clock.now()).toISOString(),
    keptUntil: record.keptUntil.toISOString(),
    services: prepared.services,
    databases: databasesOf(prepared.replacements).map(({ source }) => source),
    files: [
      ...prepared.replacements.flatMap((one) => (one.kind === "file" ? [one.swap.live] : [])),
      ...(prepared.link === null ? [] : [prepared.link.live]),
      ...(prepared.checkout === null ? [] : [prepared.checkout.root]),
    ],
    trees: prepared.replacements.flatMap((one) => (one.kind === "tree" ? [one.part] : [])),
    rowsLost: rows,
    expectedMs: downtimeOf(operation),
    warnings,
  }
}

/**
 * Goes back. What is live now is captured as a safety point first, while the app runs, and kept beside for another window.
 * Throws UPDATE_ROLLBACK_CLOSED, CHECKOUT_REFUSED, what capturing throws, and OPERATION_UNSETTLED when it could not be finished now.
 */
export async function rollBackUpdate(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  operationId: string | null,
  command: string,
  base: ContextBase,
): Promise<RollbackReport> {
  const { app } = subject
  const { record, kept: noted } = await findUpdate(tools, app, operationId, { ...base, operationId: "look" })
  const { from: to, to: from } = noted.prepared
  const plan = { vault: vault.location.name, operationId: record.operationId, from, to }
  const request = { kind: "rollback" as const, app: app.name, steps: rollBackSteps, plan, command }
  const windowMs = Math.max(0, windowOf(record, await tools.store.operation(record.operationId)))
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const startedMs = ctx.clock.monotonicMs()
    await requireUnmoved(tools, noted.prepared.checkout, ctx)
    const label = `before going back from ${from}`
    const options = { ...plainBackup, trigger: "safety" as const, label, acceptCollapse: true, acceptBlank: true }
    const safetyPoint = (await capturePoint(tools, { ...subject, vault, options }, journal, ctx)).manifest.id
    // What runs now runs afterwards: since the update somebody may have stopped one service and started another.
    const { compose } = app
    const withDependencies = compose !== null && (await dependenciesRest(tools.containers, compose, noted.prepared.services, ctx))
    const prepared = { ...noted.prepared, standstill: await standstillOf(tools, app, ctx), withDependencies }
    const kept = { ...noted, prepared }
    const rowsBefore = await countRowsBefore(tools, { app, vault, prepared }, ctx)
    const details = { kept: keptUpdateToJson(kept), undoes: record.operationId, windowMs }
    await journal.step("prepare", details, async () => await Promise.resolve())
    ctx.signal.throwIfAborted()
    const calm = uncancelled(ctx)
    const back: GoingBack = { app, vault, ...kept, rowsBefore }
    const stoppedAt = ctx.clock.now()
    const done = await owed(`going back to ${to ?? "the version before"} of ${app.name}`, async () => {
      const went = await goBack(tools, back, async (name, more, action) => await journal.always(name, more, action), calm)
      const rowsKeptBeside = await rowsSetAside(tools, app, prepared, went, calm)
      const keptUntil = new Date(ctx.clock.now().getTime() + windowMs)
      const keeping = async () => await keepSetAside(tools, back, record.operationId, keptUntil, calm)
      await journal.always("keep-failed", { until: keptUntil.toISOString() }, keeping)
      return { rowsKeptBeside, upAt: went.firstGoodAt ?? ctx.clock.now() }
    })
    const report: RollbackReport = {
      operationId: ctx.operationId,
      undone: record.operationId,
      app: app.name,
      from,
      to,
      safetyPoint,
      downtimeMs: Math.max(0, done.upAt.getTime() - stoppedAt.getTime()),
      durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
      rowsKeptBeside: done.rowsKeptBeside,
      warnings: [],
    }
    return { outcome: "succeeded", result: report, record: z.json().parse(report) }
  })
  return end.result
}

/** Only the latest update: what an earlier one kept does not fit what the later one left. Throws UPDATE_ROLLBACK_CLOSED, SOURCE_MISSING. */
export async function findUpdate(
  tools: Pick<UpdateTools, "store">,
  app: Pick<App, "name">,
  operationId: string | null,
  ctx: RunContext,
): Promise<FoundUpdate> {
  const records = (await tools.store.kept(app.name)).toSorted((left, right) => (left.operationId < right.operationId ? -1 : 1))
  const updates = records.filter((record) => keptStateOf(record).by === "update")
  const latest = updates.at(-1)
  const record = operationId === null ? latest : records.find((one) => one.operationId === operationId)
  if (record === undefined) throw closed(app, null, operationId === null ? "no update was kept" : `operation ${operationId} kept nothing`)
  const state = keptStateOf(record)
  const point = state.safetyPoint ?? state.point
  if (state.by === "rollback") throw closed(app, null, `operation ${record.operationId} was taken back already`)
  if (state.by !== "update") throw closed(app, null, `operation ${record.operationId} was no update`)
  if (record !== latest) throw closed(app, point, `${latest?.operationId ?? "another operation"} has updated ${app.name} since`)
  if (record.releasedAt !== null) throw closed(app, point, `what it had replaced was released at ${record.releasedAt.toISOString()}`)
  if (record.keptUntil <= ctx.clock.now()) throw closed(app, point, `its time was over at ${record.keptUntil.toISOString()}`)
  const kept = keptUpdateFromJson(state.more)
  if (kept.prepared.link !== null) await requireVersionBefore(kept.prepared.link)
  return { record, kept, safetyPoint: state.safetyPoint }
}

function closed(app: Pick<App, "name">, point: string | null, why: string): HoldfastError {
  return new HoldfastError("UPDATE_ROLLBACK_CLOSED", {
    what: `there is no update of ${app.name} that can be rolled back`,
    why,
    ...(point === null
      ? {
          hint: `Run \`holdfast points ${app.name}\` for the points from before an update; \`holdfast restore POINT --with images\` brings one back.`,
        }
      : {
          hint: `Run \`holdfast restore ${app.name} ${point} --with images\`: it brings data, images and configuration of before the update back together.`,
        }),
  })
}

/** Counted in what is live and in the state of before: a rollback says what it costs. */
async function rowsSince(
  tools: UpdateTools,
  place: Pick<GoingBack, "app" | "vault" | "prepared">,
  ctx: RunContext,
): Promise<{ readonly rows: readonly RowsBeside[]; readonly warnings: readonly string[] }> {
  const { app, prepared } = place
  const rows: RowsBeside[] = []
  const warnings = prepared.refilled.map(
    (name) => `database ${name} is emptied and filled again: what was written since is in the point that is taken first, and not beside`,
  )
  for (const database of databasesOf(prepared.replacements)) {
    const name = database.source
    const source = databaseSource(app, name)
    try {
      const before = await rowsBeforeIn(tools, place, database, ctx)
      if (before === null) throw new HoldfastError("PART_UNKNOWN", { what: "nothing of the state before is there to be counted" })
      const now = await tools.databases.for(source).facts(source, null, schemaQueries(app, source), ctx)
      rows.push(...rowsAddedSince(before, now.rows).map((change) => ({ database: name, ...change })))
    } catch (thrown) {
      if (!isHoldfastError(thrown)) throw thrown
      warnings.push(`what would be lost of database ${name} is unknown: ${messageOf(thrown)}`)
    }
  }
  return { rows, warnings }
}

const resultSchema = z.object({ downtimeMs: z.number().nullable() })

function downtimeOf(operation: OperationRecord | null): number | null {
  const result = resultSchema.safeParse(operation?.result)
  return result.success ? result.data.downtimeMs : null
}

const planSchema = z.object({ rollbackWindowMs: z.number() })
const DEFAULT_WINDOW_MS = 24 * 3_600_000

/** What is set aside is kept as long as the update kept what it had replaced. */
function windowOf(record: KeptRecord, operation: OperationRecord | null): number {
  const plan = planSchema.safeParse(operation?.plan)
  if (plan.success) return plan.data.rollbackWindowMs
  return operation === null ? DEFAULT_WINDOW_MS : record.keptUntil.getTime() - operation.startedAt.getTime()
}
