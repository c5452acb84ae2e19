import type { z } from "zod"
import { canonicalJson, sha256 } from "../../../base/canonical-json.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { counted, formatBytes, formatDuration } from "../../../base/units.ts"
import {
  restoreBody,
  restorePlan,
  restorePlanBody,
  undoBody,
  undoPlan,
  type RestorePlan as PlanDocument,
  type UndoPlan,
} from "../../../contract/api/restore.ts"
import { accepted } from "../../../contract/api/shapes.ts"
import { findKept, plainRestore, planRestore, restoreInPlace, undoRestore, type RestorePlan } from "../../../restore/restore.ts"
import type { House } from "../../house/house.ts"
import { openSubject, pointOf, type Selection, type Subject } from "../../house/subject.ts"
import { refuseUnconfirmed } from "../confirmed.ts"
import type { PlannedRestore } from "../plans.ts"
import { selected } from "../selected.ts"
import { startRun } from "../start-run.ts"
import { none, route, type Call, type Route } from "./route.ts"

export const restoreRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/points/{point}/restore-plan",
    summary: "What a restore would replace, stop and lose; changes nothing.",
    query: none,
    body: restorePlanBody,
    answer: restorePlan,
    handle: async (call) => await planned(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/points/{point}/restore",
    summary: "Restores as planned; confirmed by the app's name.",
    query: none,
    body: restoreBody,
    answer: accepted,
    status: 202,
    audit: "restore",
    handle: async (call) => await restore(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/operations/{operation}/undo-plan",
    summary: "What undoing a restore would put back; changes nothing.",
    query: none,
    body: none,
    answer: undoPlan,
    handle: async (call) => await undoPlanned(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/operations/{operation}/undo",
    summary: "Puts back what a restore replaced; confirmed by the app's name.",
    query: none,
    body: undoBody,
    answer: accepted,
    status: 202,
    audit: "undo",
    handle: async (call) => await undo(call),
  }),
]

type Options = Pick<PlannedRestore, "only" | "tables" | "withImages" | "unproven">

async function makePlan(house: House, selection: Selection, asked: Options) {
  const subject = await openSubject(house, selection, { create: false })
  const point = await pointOf(subject, selection)
  const options = { ...plainRestore, ...asked }
  const origin = { vault: subject.vault, point }
  return { subject, origin, options, plan: await planRestore(subject.tools, subject.app, origin, options, subject.ctx) }
}

async function planned(call: Call<unknown, z.output<typeof restorePlanBody>>): Promise<PlanDocument> {
  const { ground, who, body } = call
  const { only, tables, withImages, unproven } = body
  refuseMixed(tables, withImages)
  const options = { only, tables, withImages, unproven }
  const { plan } = await makePlan(ground.house, selected(call, body.vault), options)
  const { app, point, vault } = plan
  const kept = ground.plans.restore.keep(who.id, { app, point, vault, ...options, replaces: fingerprintOf(plan) })
  return {
    ...kept,
    ...plan,
    unproven,
    replaces: plan.replaces.map((one) => ({ ...one })),
    tables: plan.tables.map((one) => ({ ...one, referredBy: [...one.referredBy] })),
    stops: [...plan.stops],
    rowsLost: plan.rowsLost.map((one) => ({ ...one })),
    space: plan.space.map((one) => ({ ...one })),
    warnings: [...plan.warnings],
    lines: [...linesOf(plan, unproven, ground.house.clock.now())],
  }
}

/** What was agreed to: rows that are written meanwhile are lost as those were that were shown, but nothing else may be replaced or stopped. */
function fingerprintOf({ point, replaces, tables, stops }: RestorePlan): string {
  return sha256(
    canonicalJson({
      point,
      replaces: replaces.map(({ part, target }) => [part, target]),
      tables: tables.map(({ database, table }) => [database, table]),
      stops: [...stops].toSorted(),
    }),
  )
}

/** Rows go back into the running program's tables: another program does not go with them. */
function refuseMixed(tables: readonly string[], withImages: boolean): void {
  if (tables.length > 0 && withImages)
    throw new HoldfastError("REQUEST_INVALID", { what: "single tables are restored without images and configuration" })
}

function linesOf(plan: RestorePlan, unproven: boolean, now: Date): readonly string[] {
  const lost = plan.rowsLost.map(
    (one) => `${counted(one.rows, "row")} of ${one.table} in ${one.database} were written since, and are not in it`,
  )
  return [
    `restores ${plan.point}, taken ${formatDuration(Math.max(0, now.getTime() - Date.parse(plan.takenAt)))} ago, from vault ${plan.vault}`,
    proofLine(plan, unproven),
    ...replacedLines(plan),
    plan.stops.length === 0 ? "stops nothing" : `stops ${plan.stops.join(", ")}`,
    ...lost,
    plan.expectedMs === null
      ? "how long it takes is not known: there was no drill or restore yet"
      : `takes about ${formatDuration(plan.expectedMs)}`,
    `a safety point is taken first, and what is replaced is kept for ${formatDuration(plan.keptForMs)}`,
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ]
}

function proofLine({ proof }: RestorePlan, unproven: boolean): string {
  if (proof !== null) return `proof: ${proof}`
  return unproven
    ? "it was never read back, and that is skipped: whether it can be read shows while it is restored"
    : "it was never read back, so that is done first, before anything is touched"
}

function replacedLines({ replaces, tables }: RestorePlan): readonly string[] {
  if (tables.length === 0) return replaces.map((one) => `replaces ${one.part}: ${one.target} (${formatBytes(one.sizeBytes)})`)
  return [
    ...tables.map(
      (one) => `replaces the ${counted(one.rowsNow, "row")} of ${one.table} in ${one.database} with the point's ${one.rowsInPoint}`,
    ),
    "every other table stays as it is; triggers do not run, foreign keys are checked",
  ]
}

async function restore({ ground, who, body, param, note }: Call<unknown, z.output<typeof restoreBody>>): Promise<z.input<typeof accepted>> {
  const app = param("app")
  refuseUnconfirmed(body.confirm, app)
  const shown = ground.plans.restore.take(who.id, body.planId)
  const named = param("point")
  if (shown.app !== app || (named !== "latest" && !shown.point.startsWith(named)))
    throw new HoldfastError("PLAN_STALE", { what: `the plan is of ${shown.point} of ${shown.app}` })
  note(shown.point, {
    only: shown.only === null ? null : [...shown.only],
    tables: [...shown.tables],
    unproven: shown.unproven,
    vault: shown.vault,
  })
  return await startRun(ground, who, app, `restore ${app} ${shown.point}`, async (own) => {
    const selection = { app, vault: shown.vault, point: shown.point }
    const { subject, origin, options, plan } = await makePlan(own, selection, shown)
    if (fingerprintOf(plan) !== shown.replaces)
      throw new HoldfastError("PLAN_STALE", { what: "the restore would not do any more what the plan said" })
    return await restoreInPlace(subject.tools, subject, origin, plan, options, own.command, own.base())
  })
}

async function openUndo(house: House, id: string): Promise<{ subject: Subject; found: Awaited<ReturnType<typeof findKept>> }> {
  const operation = await (await house.use.store()).operation(id)
  if (operation === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
  const subject = await openSubject(house, { app: operation.app, vault: null, point: null }, { create: false })
  return { subject, found: await findKept(subject.tools, subject.app, id) }
}

async function undoPlanned({ ground, who, param }: Call<unknown, unknown>): Promise<UndoPlan> {
  const id = param("operation")
  const { subject, found } = await openUndo(ground.house, id)
  const { name } = subject.app
  const { record, state } = found
  const kept = ground.plans.undo.keep(who.id, { app: name, operation: id })
  return {
    ...kept,
    app: name,
    undoes: id,
    point: state.point,
    keptUntil: record.keptUntil.toISOString(),
    lines: [
      `puts back what was live before ${state.point} was restored`,
      "a safety point of the present state is taken first",
      ...state.replacements.map((one) => `swaps back ${one.part}`),
    ],
  }
}

async function undo({ ground, who, body, param, note }: Call<unknown, z.output<typeof undoBody>>): Promise<z.input<typeof accepted>> {
  const shown = ground.plans.undo.take(who.id, body.planId)
  refuseUnconfirmed(body.confirm, shown.app)
  if (shown.operation !== param("operation")) throw new HoldfastError("PLAN_STALE", { what: `the plan undoes ${shown.operation}` })
  note(shown.operation)
  return await startRun(ground, who, shown.app, `undo ${shown.operation}`, async (own) => {
    const { subject } = await openUndo(own, shown.operation)
    return await undoRestore(subject.tools, subject, subject.vault, shown.operation, own.command, own.base())
  })
}
