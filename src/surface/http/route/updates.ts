import type { z } from "zod"
import { HoldfastError } from "../../../base/errors.ts"
import {
  plannedRollback,
  plannedUpdate,
  rehearseBody,
  rollbackBody,
  rollbackPlanBody,
  updateBody,
  updatePlanBody,
  updatesPage,
  type PlannedRollback,
  type PlannedUpdate,
} from "../../../contract/api/updates.ts"
import { accepted } from "../../../contract/api/shapes.ts"
import { fingerprintOf } from "../../house/same-plan.ts"
import { rollbackPlanLines, updatePlanLines } from "../../house/update-lines.ts"
import { NEXT, type UpdateWish } from "../../house/update-work.ts"
import { refuseUnconfirmed } from "../confirmed.ts"
import type { Ground } from "../ground.ts"
import type { Who } from "../guard/who.ts"
import { startRun } from "../start-run.ts"
import { updatesPageOf } from "../updates-page.ts"
import { none, route, type Call, type Route } from "./route.ts"

export const updateRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/updates",
    summary: "What runs, what is there, what happens just now, what happened, and the way back.",
    query: none,
    body: none,
    answer: updatesPage,
    handle: async ({ ground, param }) => await updatesPageOf(ground.house, param("app")),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/update-check",
    summary: "Asks the source of releases now.",
    query: none,
    body: none,
    answer: updatesPage,
    audit: "update.check",
    handle: async ({ ground, param }) => {
      const app = param("app")
      await (await ground.updates()).look(ground.house, app)
      return await updatesPageOf(ground.house, app)
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/update-plan",
    summary: "What the next update would do; changes nothing.",
    query: none,
    body: updatePlanBody,
    answer: plannedUpdate,
    handle: async ({ ground, who, param, body }) => await planUpdate(ground, who, param("app"), { ...NEXT, ...body }),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/rehearse",
    summary: "Runs the next update on a copy of the data, and touches nothing else.",
    query: none,
    body: rehearseBody,
    answer: accepted,
    status: 202,
    audit: "update.rehearse",
    handle: async ({ ground, who, param, body, note }) => {
      const app = param("app")
      note(body.to, { again: body.again, acceptDrift: body.acceptDrift })
      return await startRun(ground, who, app, `update plan ${app} --rehearse`, async (own) => {
        return await (await ground.updates()).rehearse(own, app, { ...NEXT, ...body })
      })
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/update",
    summary: "Updates as planned; confirmed by the app's name.",
    query: none,
    body: updateBody,
    answer: accepted,
    status: 202,
    audit: "update",
    handle: async (call) => {
      refuseUnconfirmed(call.body.confirm, call.param("app"))
      return await startUpdate(call, call.body.planId)
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/rollback-plan",
    summary: "What rolling an update back would lose; changes nothing.",
    query: none,
    body: rollbackPlanBody,
    answer: plannedRollback,
    handle: async (call) => await planRollback(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/rollback",
    summary: "Rolls an update back as planned; confirmed by the app's name.",
    query: none,
    body: rollbackBody,
    answer: accepted,
    status: 202,
    audit: "rollback",
    handle: async (call) => await rollBack(call),
  }),
]

/** Makes a plan, shows it, and keeps what was shown for whoever asked. */
export async function planUpdate(ground: Ground, who: Who, app: string, wish: UpdateWish): Promise<PlannedUpdate> {
  const { house } = ground
  const { found, plan } = await (await ground.updates()).plan(house, app, wish)
  if (plan === null)
    return {
      planId: null,
      expiresAt: null,
      app,
      running: found.running,
      plan,
      lines: [`nothing newer than ${found.running ?? "what runs"} is there`],
    }
  const { to, again, acceptDrift } = wish
  const shown = { app, to, again, acceptDrift, version: plan.to.version, fingerprint: fingerprintOf(plan) }
  const kept = ground.plans.update.keep(who.id, shown)
  return { ...kept, app, running: found.running, plan, lines: [...updatePlanLines(plan, house.clock.now())] }
}

/** Begins the update that a plan showed; refused where it would be another one by now. */
export async function startUpdate(
  { ground, who, param, note }: Pick<Call<unknown, unknown>, "ground" | "who" | "param" | "note">,
  planId: string,
): Promise<z.input<typeof accepted>> {
  const app = param("app")
  const shown = ground.plans.update.take(who.id, planId)
  const { to, again, acceptDrift } = shown
  if (shown.app !== app) throw new HoldfastError("PLAN_STALE", { what: `the plan is of ${shown.app}` })
  note(shown.version, { again, acceptDrift })
  return await startRun(ground, who, app, `update apply ${app} --to ${shown.version}`, async (own) => {
    const report = await (
      await ground.updates()
    ).apply(own, app, { ...NEXT, to, again, acceptDrift }, (plan) => {
      if (fingerprintOf(plan) !== shown.fingerprint)
        throw new HoldfastError("PLAN_STALE", { what: "the update would not do any more what the plan said" })
    })
    if (report === null) throw new HoldfastError("PLAN_STALE", { what: `${shown.version} is not there any more` })
    return report
  })
}

async function planRollback({ ground, who, param, body }: Call<unknown, z.output<typeof rollbackPlanBody>>): Promise<PlannedRollback> {
  const { house } = ground
  const app = param("app")
  const plan = await (await ground.updates()).planRollback(house, app, body.operation)
  const kept = ground.plans.rollback.keep(who.id, { app, operation: plan.operationId })
  return { ...kept, plan, lines: [...rollbackPlanLines(plan, house.clock.now())] }
}

async function rollBack({
  ground,
  who,
  body,
  param,
  note,
}: Call<unknown, z.output<typeof rollbackBody>>): Promise<z.input<typeof accepted>> {
  const app = param("app")
  refuseUnconfirmed(body.confirm, app)
  const shown = ground.plans.rollback.take(who.id, body.planId)
  if (shown.app !== app) throw new HoldfastError("PLAN_STALE", { what: `the plan is of ${shown.app}` })
  note(shown.operation)
  return await startRun(ground, who, app, `update rollback ${app} ${shown.operation}`, async (own) => {
    return await (await ground.updates()).rollBack(own, app, shown.operation)
  })
}
