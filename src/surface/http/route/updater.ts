import { updaterApplyBody, updaterPlanBody, updaterStatus, plannedUpdate, type UpdaterStatus } from "../../../contract/api/updates.ts"
import { accepted } from "../../../contract/api/shapes.ts"
import type { Ground } from "../ground.ts"
import { NEXT } from "../../house/update-work.ts"
import { updatesPageOf } from "../updates-page.ts"
import { none, route, type Route } from "./route.ts"
import { planUpdate, startUpdate } from "./updates.ts"

/** For an app's own administration page: let in by a signature, see `updater/admit-signed.ts`. */
export const updaterRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/updater/{app}/status",
    summary: "What runs, what is there and what happens just now, for the app's own administration page.",
    query: none,
    body: none,
    answer: updaterStatus,
    handle: async ({ ground, param }) => await statusOf(ground, param("app")),
  }),
  route({
    method: "POST",
    path: "/api/v1/updater/{app}/plan",
    summary: "What the next update would do, for the app's own administration page; changes nothing.",
    query: none,
    body: updaterPlanBody,
    answer: plannedUpdate,
    audit: "updater.plan",
    handle: async ({ ground, who, param, body, note }) => {
      const planned = await planUpdate(ground, who, param("app"), { ...NEXT, to: body.to })
      note(planned.plan?.to.version ?? null)
      return planned
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/updater/{app}/apply",
    summary: "Updates as planned, for the app's own administration page.",
    query: none,
    body: updaterApplyBody,
    answer: accepted,
    status: 202,
    audit: "updater.apply",
    handle: async (call) => await startUpdate(call, call.body.planId),
  }),
]

async function statusOf(ground: Ground, app: string): Promise<UpdaterStatus> {
  const page = await updatesPageOf(ground.house, app)
  const { running, latest, releases, rules, lookedAt, operation, history } = page
  return {
    app,
    running,
    latest,
    notes: releases.map(({ version, notes }) => (notes.trim() === "" ? version : `${version}\n${notes.trim()}`)).join("\n\n"),
    channel: rules?.channel ?? "",
    lookedAt,
    automatic: rules?.automatic ?? false,
    window: rules?.window ?? null,
    operation: operation === null ? null : await shownOperation(ground, operation),
    last: history.find(({ kind, finishedAt }) => kind !== "rehearse" && finishedAt !== null) ?? null,
  }
}

async function shownOperation(
  ground: Ground,
  { id, kind, startedAt }: { readonly id: string; readonly kind: string; readonly startedAt: string },
): Promise<NonNullable<UpdaterStatus["operation"]>> {
  const record = await (await ground.house.use.store()).operation(id)
  return { id, kind, startedAt, step: record?.steps.at(-1)?.name ?? null }
}
