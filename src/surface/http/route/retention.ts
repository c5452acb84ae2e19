import { z } from "zod"
import { HoldfastError } from "../../../base/errors.ts"
import { counted, formatBytes } from "../../../base/units.ts"
import {
  expireBody,
  expirePlan,
  expirePlanBody,
  retention,
  retentionPreview,
  retentionPreviewBody,
  type ExpirePlan as ExpirePlanDocument,
  type RetainedPoint,
  type Retention,
  type RetentionPreview,
} from "../../../contract/api/retention.ts"
import { accepted } from "../../../contract/api/shapes.ts"
import { applyExpire, goingPoints, isIdle, planExpire, type ExpirePlan, type VaultPolicy } from "../../../expire/expire.ts"
import { keepSchema } from "../../../settings/schema-vault.ts"
import { resolveKeep } from "../../../settings/resolve.ts"
import type { House } from "../../house/house.ts"
import { declaredApp, lookingContext, openNamedVault, vaultNameOf } from "../../house/subject.ts"
import { refuseUnconfirmed } from "../confirmed.ts"
import { decisionsOf, departures, keepText, policyOf, type Judged } from "../kept-why.ts"
import { startRun } from "../start-run.ts"
import { none, route, type Call, type Route } from "./route.ts"

const ofVault = z.object({ vault: z.string().optional() })

export const retentionRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/retention",
    summary: "For each point why it is kept, or when it goes.",
    query: ofVault,
    body: none,
    answer: retention,
    handle: async ({ ground, query, param }) => await retentionOf(ground.house, param("app"), query.vault ?? null),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/retention-preview",
    summary: "What another policy would keep and let go; changes nothing.",
    query: none,
    body: retentionPreviewBody,
    answer: retentionPreview,
    handle: async ({ ground, body, param }) => await preview(ground.house, param("app"), body),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/expire-plan",
    summary: "What would be let go now.",
    query: none,
    body: expirePlanBody,
    answer: expirePlan,
    handle: async (call) => await planned(call),
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/expire",
    summary: "Lets points go as planned; confirmed by the app's name.",
    query: none,
    body: expireBody,
    answer: accepted,
    status: 202,
    audit: "expire",
    handle: async (call) => await expire(call),
  }),
]

async function vaultOf(house: House, app: string, named: string | null): Promise<{ vault: string; appendOnly: boolean }> {
  const { settings, declared } = await declaredApp(house, app)
  const vault = vaultNameOf(declared, { vault: named })
  return { vault, appendOnly: settings.vaults[vault]?.appendOnly === true }
}

async function retentionOf(house: House, app: string, named: string | null): Promise<Retention> {
  const { vault, appendOnly } = await vaultOf(house, app, named)
  const policy = await policyOf(house, app, vault)
  const head = { app, vault, appendOnly }
  if (policy === null) return { ...head, policy: null, points: await everyPoint(house, app, vault) }
  const judged = await decisionsOf(house, app, vault, policy)
  return { ...head, policy: shownPolicy(policy), points: await retained(house, app, vault, policy, judged) }
}

function shownPolicy({ policy, timezone }: VaultPolicy): Retention["policy"] {
  return { keep: keepText(policy), timezone }
}

async function everyPoint(house: House, app: string, vault: string): Promise<RetainedPoint[]> {
  const points = await (await house.use.store()).pointSummaries(app, vault)
  const reasons = [{ rule: "no-policy", text: "nothing says how long points here are kept" }]
  return points
    .toReversed()
    .map(({ id, startedAt, storedBytes }) => ({ id, startedAt: startedAt.toISOString(), keep: true, reasons, goesAt: null, storedBytes }))
}

async function retained(
  house: House,
  app: string,
  vault: string,
  policy: VaultPolicy,
  { points, decisions }: Judged,
): Promise<RetainedPoint[]> {
  const byId = new Map(points.map((point) => [point.id, point]))
  const goes = await departures(house, app, vault, policy, points)
  return decisions.flatMap(({ id, keep, reasons }) => {
    const point = byId.get(id)
    if (point === undefined) return []
    const storedBytes = point.manifest.parts.reduce((sum, part) => sum + part.storedBytes, 0)
    const goesAt = keep ? (goes.get(id)?.toISOString() ?? null) : null
    return { id, startedAt: point.startedAt.toISOString(), keep, reasons: reasons.map((reason) => ({ ...reason })), goesAt, storedBytes }
  })
}

async function preview(house: House, app: string, body: z.output<typeof retentionPreviewBody>): Promise<RetentionPreview> {
  const { vault, appendOnly } = await vaultOf(house, app, body.vault)
  const policy: VaultPolicy = { policy: resolveKeep(keepOf(body.keep)), timezone: body.timezone }
  const present = await policyOf(house, app, vault)
  const keptNow =
    present === null
      ? null
      : new Set((await decisionsOf(house, app, vault, present)).decisions.filter((one) => one.keep).map((one) => one.id))
  const points = await retained(house, app, vault, policy, await decisionsOf(house, app, vault, policy))
  const going = points.filter((point) => !point.keep && (keptNow === null || keptNow.has(point.id)))
  return {
    app,
    vault,
    appendOnly,
    policy: shownPolicy(policy),
    points,
    going: going.map((point) => point.id),
    storedBytes: going.reduce((sum, point) => sum + point.storedBytes, 0),
  }
}

/** As the settings would take it. Throws RETENTION_INVALID with what is wrong. */
export function keepOf(given: unknown): z.output<typeof keepSchema> {
  const parsed = keepSchema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new HoldfastError("RETENTION_INVALID", {
    what: "this policy cannot be used",
    why: parsed.error.issues.map((issue) => issue.message).join("; "),
  })
}

async function makePlan(house: House, app: string, named: string | null, acceptSmaller: boolean) {
  const { settings, declared } = await declaredApp(house, app)
  const { vault: name } = await vaultOf(house, app, named)
  const policy = await policyOf(house, app, name)
  if (policy === null)
    throw new HoldfastError("RETENTION_INVALID", {
      what: `nothing says how long points in ${name} are kept`,
      hint: "Give the vault or a schedule that writes to it a `keep`.",
    })
  const vault = await openNamedVault(house, settings, name, { create: false, forExpiry: true })
  const tools = await house.operationTools()
  return { tools, vault, plan: await planExpire(tools, declared, vault, { ...policy, acceptSmaller }, lookingContext(house)) }
}

async function planned({ ground, who, body, param }: Call<unknown, z.output<typeof expirePlanBody>>): Promise<ExpirePlanDocument> {
  const app = param("app")
  const { plan } = await makePlan(ground.house, app, body.vault, body.acceptSmaller)
  const { vault, generation, storedBytes } = plan
  const kept = ground.plans.expire.keep(who.id, { app, vault, acceptSmaller: body.acceptSmaller, generation })
  return {
    ...kept,
    app,
    vault,
    idle: isIdle(plan),
    points: plan.points.map((point) => ({
      ...point,
      startedAt: point.startedAt.toISOString(),
      reasons: point.reasons.map((reason) => ({ ...reason })),
    })),
    storedBytes,
    lines: [...linesOf(plan)],
  }
}

function linesOf(plan: ExpirePlan): readonly string[] {
  const lines = [
    [goingPoints(plan).length, (count: number) => `removes ${counted(count, "point")} of ${plan.app.name} from ${plan.vault}`],
    [plan.unfinished.length, (count: number) => `finishes the removal of ${counted(count, "point")} that an earlier run began`],
    [plan.unsealed.length, (count: number) => `removes ${count} leftovers that were never sealed`],
    [plan.unusedImages.length, (count: number) => `removes ${counted(count, "image")} that no kept point needs`],
    [plan.storedBytes, (bytes: number) => `frees at most ${formatBytes(bytes)}; points share data`],
  ] as const
  return lines.flatMap(([count, words]) => (count === 0 ? [] : [words(count)]))
}

async function expire({ ground, who, body, param, note }: Call<unknown, z.output<typeof expireBody>>): Promise<z.input<typeof accepted>> {
  const app = param("app")
  refuseUnconfirmed(body.confirm, app)
  const shown = ground.plans.expire.take(who.id, body.planId)
  if (shown.app !== app) throw new HoldfastError("PLAN_STALE", { what: `the plan is of ${shown.app}` })
  note(shown.vault)
  return await startRun(ground, who, app, `expire ${app} --vault ${shown.vault}`, async (own) => {
    const { tools, vault, plan } = await makePlan(own, app, shown.vault, shown.acceptSmaller)
    if (plan.generation !== shown.generation)
      throw new HoldfastError("PLAN_STALE", { what: `the points of ${app} in ${shown.vault} are not those of the plan any more` })
    return await applyExpire(tools, vault, plan, own.command, own.base())
  })
}
