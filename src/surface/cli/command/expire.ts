import { HoldfastError } from "../../../base/errors.ts"
import { counted, formatBytes } from "../../../base/units.ts"
import type { ExpireOutput } from "../../../contract/output-posture.ts"
import { applyExpire, goingPoints, isIdle, planExpire, planToJson, policyFor, type ExpirePlan } from "../../../expire/expire.ts"
import { vaultKeep } from "../../../settings/vault-location.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import { renderTable } from "../render/table.ts"
import { declaredApp, lookingContext, openNamedVault, vaultNameOf } from "../../house/subject.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast expire` */
export const run: CommandRun = async (house, input) => {
  const { settings, declared } = await declaredApp(house, input.argument("app"))
  const name = vaultNameOf(declared, selectionOf(input))
  const chosen = policyFor(declared, name, vaultKeep(settings, name))
  if (chosen === null) throw noPolicy(name)
  const vault = await openNamedVault(house, settings, name, { create: false, forExpiry: true })
  const tools = await house.operationTools()
  const options = { ...chosen, acceptSmaller: input.flag("accept-smaller") }
  const plan = await planExpire(tools, declared, vault, options, lookingContext(house))
  const document = (applied: boolean, removed: readonly string[]): ExpireOutput => ({
    format: "holdfast.expire",
    version: 1,
    app: declared.name,
    vault: name,
    applied,
    removed: [...removed],
    plan: planToJson(plan),
  })
  if (input.flag("plan")) return { document: document(false, []), lines: planLines(plan) }
  if (isIdle(plan)) return { document: document(false, []), lines: [...planLines(plan), "nothing has to go"] }
  const going = goingPoints(plan).length
  await confirm(house, {
    plan: planLines(plan),
    question: `Remove ${counted(going, "point")} of ${declared.name} from ${name}?`,
    given: input.flag("yes"),
  })
  const report = await applyExpire(tools, vault, plan, house.command, house.base())
  return {
    document: document(true, report.removed),
    lines: [`removed ${counted(report.removed.length, "point")} of ${declared.name} from ${name}`],
  }
}

function noPolicy(vault: string): HoldfastError {
  return new HoldfastError("RETENTION_INVALID", {
    what: `nothing says how long points in ${vault} are kept`,
    hint: "Give the vault or a schedule that writes to it a `keep`.",
  })
}

function planLines(plan: ExpirePlan): readonly string[] {
  const rows = plan.points.map((point) => [
    point.keep ? "keep" : "remove",
    point.id,
    formatBytes(point.storedBytes),
    point.reasons.map((reason) => reason.text).join(", "),
  ])
  const also = [
    plan.unfinished.length === 0 ? null : `finishes the removal of ${counted(plan.unfinished.length, "point")} that an earlier run began`,
    plan.unsealed.length === 0 ? null : `removes ${plan.unsealed.length} leftovers that were never sealed`,
    plan.unusedImages.length === 0 ? null : `removes ${counted(plan.unusedImages.length, "image")} that no kept point needs`,
    plan.storedBytes === 0 ? null : `frees at most ${formatBytes(plan.storedBytes)}; points share data`,
  ]
  const table = renderTable([{ title: "WHAT" }, { title: "POINT" }, { title: "STORED", right: true }, { title: "WHY" }], rows)
  return [...table, ...also.filter((line) => line !== null)]
}
