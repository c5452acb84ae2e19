import { formatBytes } from "../../../base/units.ts"
import type { FreeSpaceOutput } from "../../../contract/output-host.ts"
import { applyFreeSpace, planFreeSpace, type FreeSpacePlan, type FreeSpaceTools } from "../../../doctor/doctor.ts"
import { keptBytes } from "../../../restore/kept-bytes.ts"
import { releaseKept } from "../../../restore/restore.ts"
import { builtBefore } from "../../../update/built-before.ts"
import { removeBuilt } from "../../../update/place/build-directory.ts"
import { vaultLocation } from "../../../settings/vault-location.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import type { CliHouse } from "../cli-house.ts"
import { oneAppName } from "../../house/names.ts"
import { renderTable } from "../render/table.ts"
import { declaredApp, lookingContext, verbTools } from "../../house/subject.ts"

/** `holdfast doctor --free-space` */
export const run: CommandRun = async (house, input) => {
  const settings = await house.settings()
  const { declared } = await declaredApp(house, oneAppName(settings, input.argument("app")))
  const ctx = lookingContext(house)
  const { locateApp } = await import("../../../app/locate.ts")
  const app = await locateApp(declared, await house.use.containers(), ctx)
  const vaults = Object.keys(settings.vaults).map((name) => vaultLocation(settings, name, { stateDirectory: house.stateDirectory }))
  const tools = await freeSpaceTools(house)
  const plan = await planFreeSpace(tools, app, vaults, ctx)
  const going = plan.items.filter((item) => item.remove)
  if (input.flag("plan")) return { document: documentOf(plan, []), lines: planLines(plan) }
  if (going.length === 0) return { document: documentOf(plan, []), lines: [...planLines(plan), "nothing can go"] }
  await confirm(house, {
    plan: planLines(plan),
    question: `Remove these ${going.length} of ${app.name} for good?`,
    given: input.flag("yes"),
  })
  const removed = await applyFreeSpace(tools, plan, vaults, house.command, house.base())
  return {
    document: documentOf(plan, removed),
    lines: [`removed ${removed.length} of ${app.name}, ${formatBytes(plan.freedBytes)} as far as known`],
  }
}

async function freeSpaceTools(house: CliHouse): Promise<FreeSpaceTools> {
  const tools = await verbTools(house)
  return {
    ...tools,
    releaseKept: async (app, ids, ctx) => await releaseKept(tools, app, (record) => ids.has(record.operationId), ctx),
    keptBytes: async (app, record, ctx) => await keptBytes(tools, app, record, ctx),
    built: {
      list: async (app, ctx) => await builtBefore(tools, app, ctx),
      remove: removeBuilt,
    },
  }
}

function documentOf(plan: FreeSpacePlan, removed: readonly string[]): FreeSpaceOutput {
  return {
    format: "holdfast.free-space",
    version: 1,
    app: plan.app.name,
    applied: removed.length > 0,
    removed: [...removed],
    freedBytes: plan.freedBytes,
    items: plan.items.map((item) => ({ ...item })),
  }
}

function planLines(plan: FreeSpacePlan): readonly string[] {
  const rows = plan.items.map((item) => [
    item.remove ? "remove" : "keep",
    item.kind,
    item.subject,
    item.sizeBytes === null ? "?" : formatBytes(item.sizeBytes),
    item.why,
  ])
  const columns = [{ title: "WHAT" }, { title: "KIND" }, { title: "WHICH" }, { title: "SIZE", right: true }, { title: "WHY" }]
  const unknown = plan.items.some((item) => item.remove && item.sizeBytes === null)
  if (rows.length === 0) return [`nothing of ${plan.app.name} is there that could go`]
  return [...renderTable(columns, rows), `frees ${formatBytes(plan.freedBytes)}${unknown ? " and what cannot be told before" : ""}`]
}
