import { z } from "zod"
import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { FoundReleases } from "../../release/installable.ts"
import { updateRules } from "../../update/find/find-releases.ts"
import { mayUpdateByItself } from "../../update/plan/may-run.ts"
import { planUpdate } from "../../update/plan/plan.ts"
import { rehearseUpdate } from "../../update/rehearse/rehearse-operation.ts"
import { applyUpdate, planRollback, rollBackUpdate, type Rehearsal, type UpdatePlan } from "../../update/update.ts"
import { pinName } from "../../vault/vault.ts"
import { endedByUpdate, NOT_REHEARSED, orderBeside } from "./beside.ts"
import type { House } from "./house.ts"
import { lookForUpdates } from "./look-for-updates.ts"
import { declaredApp, openSubject, vaultNameOf, type Subject } from "./subject.ts"
import { rollbackOutput, updateReport, type UpdatePlanDocument } from "../../contract/output-update.ts"
import { fingerprintOf } from "./same-plan.ts"
import { rollbackPlanDocument, rollbackReportDocument, updatePlanDocument, updateReportDocument } from "./update-documents.ts"
import type { UpdateWish, UpdateWork } from "./update-work.ts"

/** Updates with the real tools. */
export const doUpdates: UpdateWork = {
  look: lookForUpdates,
  plan: async (house, app, wish) => {
    const { found, plan } = await planIn(house, await openFor(house, app, wish.vault), wish)
    return { found, plan: plan === null ? null : updatePlanDocument(plan) }
  },
  rehearse: async (own, app, wish) => {
    const subject = await openFor(own, app, wish.vault)
    const { plan } = await planIn(own, subject, wish)
    if (plan === null) return null
    return await rehearseUpdate(subject.tools, subject, subject.vault, plan, own.command, own.base())
  },
  apply: async (own, app, wish, agreed) => {
    const subject = await openFor(own, app, wish.vault)
    const { plan } = await planIn(own, subject, wish)
    if (plan === null) return null
    const shown = updatePlanDocument(plan)
    agreed(shown)
    const container = await endedByUpdate(subject)
    if (container !== null) {
      const work = {
        verb: "apply",
        wish: { ...wish, to: plan.to.version, unrehearsed: plan.unrehearsed },
        fingerprint: fingerprintOf(shown),
      } as const
      return updateReport.parse(await orderBeside(own, subject, container, work))
    }
    return updateReportDocument(await applyUpdate(subject.tools, subject, subject.vault, plan, own.command, own.base()))
  },
  planRollback: async (house, app, operation) => {
    const { tools, app: located, vault, ctx } = await openFor(house, app, operation === null ? null : await vaultOfUpdate(house, operation))
    return rollbackPlanDocument(await planRollback(tools, located, vault, operation, ctx))
  },
  rollBack: async (own, app, operation) => {
    const subject = await openFor(own, app, await vaultOfUpdate(own, operation))
    const container = await endedByUpdate(subject)
    if (container !== null) return rollbackReport.parse(await orderBeside(own, subject, container, { verb: "rollback", operation }))
    return rollbackReportDocument(await rollBackUpdate(subject.tools, subject, subject.vault, operation, own.command, own.base()))
  },
  whyNotByItself,
}

async function openFor(house: House, app: string, vault: string | null): Promise<Subject> {
  try {
    return await openSubject(house, { app, vault, point: null }, { create: false })
  } catch (thrown) {
    throw isHoldfastError(thrown, "VAULT_ABSENT") && (await isUnused(house, app, vault)) ? unproven(app) : thrown
  }
}

/** Nothing was ever written there: not a vault that is lost, but an app without any point. */
async function isUnused(house: House, app: string, vault: string | null): Promise<boolean> {
  const { declared } = await declaredApp(house, app)
  return (await (await house.use.store()).value(pinName({ name: vaultNameOf(declared, { vault }) }))) === null
}

function unproven(app: string): HoldfastError {
  return new HoldfastError("UPDATE_UNPROVEN", {
    what: `there is no point of ${app} yet, so none was proven to restore`,
    hint: `Nothing was changed. Run \`holdfast backup ${app}\` and \`holdfast drill ${app}\`, then plan the update again.`,
  })
}

async function planIn(house: House, subject: Subject, wish: UpdateWish): Promise<{ found: FoundReleases; plan: UpdatePlan | null }> {
  const { tools, vault, ctx, app } = subject
  const found = towards(app.name, await lookForUpdates(house, app.name), wish.to)
  const { again, acceptDrift } = wish
  const unrehearsed = wish.unrehearsed ?? ((await endedByUpdate(subject)) === null ? null : NOT_REHEARSED)
  try {
    return { found, plan: await planUpdate(tools, subject, vault, found, { again, acceptDrift, rehearsal: null, unrehearsed }, ctx) }
  } catch (thrown) {
    if (isHoldfastError(thrown, "UPDATE_NOTHING_NEWER")) return { found, plan: null }
    throw thrown
  }
}

/** The same releases, up to the one that is meant. Throws RELEASE_UNKNOWN for one that is not on the way. */
export function towards(app: string, found: FoundReleases, to: string | null): FoundReleases {
  if (to === null) return found
  if (to === found.running) return { ...found, hops: [] }
  const index = found.hops.findIndex(({ version }) => version === to)
  if (index >= 0) return { ...found, hops: found.hops.slice(0, index + 1) }
  const there = found.hops.map(({ version }) => version)
  throw new HoldfastError("RELEASE_UNKNOWN", {
    what: `there is no release ${to} that ${app} can be updated to`,
    why: there.length === 0 ? `nothing newer than ${found.running ?? "what runs"} is there` : `there is ${there.join(", ")}`,
    hint: `Run \`holdfast update check ${app}\` to see what there is.`,
  })
}

const PASSED = {
  operationId: "",
  point: "",
  version: "",
  passed: true,
  why: null,
  schema: { from: null, to: null, tablesAdded: [], tablesRemoved: [], columnsAdded: [], columnsRemoved: [], rows: [] },
  startMs: 0,
  preFlightMs: null,
  migrateMs: null,
  at: "",
} satisfies Rehearsal

/** Before the rehearsal the question is whether one is worth it: then it is asked as if it had passed, with no downtime to speak of. */
async function whyNotByItself(house: House, app: string, plan: UpdatePlanDocument, rehearsed: boolean): Promise<string | null> {
  const [{ declared }, store] = await Promise.all([declaredApp(house, app), house.use.store()])
  // How old a tag is was asked when it was found; a signed release needs no age.
  const rules = { ...updateRules(declared), minimumAgeMs: 0 }
  const { from, to, hopsAfter, unnamed, predictedDowntimeMs, rehearsal } = plan
  // Nothing but whether it passed is asked of it.
  const passed = rehearsal === null ? !rehearsed : rehearsal.passed
  const asked = {
    from,
    to,
    hopsAfter,
    unnamed,
    rehearsal: passed ? PASSED : null,
    predictedDowntimeMs: rehearsed ? predictedDowntimeMs : (predictedDowntimeMs ?? 0),
  }
  const may = mayUpdateByItself(rules, asked, null, house.clock.now(), await store.operations({ app }))
  return may.may ? null : may.why
}

const rollbackReport = rollbackOutput.omit({ format: true, version: true })
const planned = z.object({ vault: z.string() })

/** Where the update put its points: the way back is there. */
async function vaultOfUpdate(house: House, operation: string): Promise<string | null> {
  const record = await (await house.use.store()).operation(operation)
  const plan = planned.safeParse(record?.plan)
  return plan.success ? plan.data.vault : null
}
