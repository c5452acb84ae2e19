import { counted, formatBytes } from "../../../base/units.ts"
import type { CopyOutput } from "../../../contract/output-copy.ts"
import { copyPlanToJson, type CopyPlan, type CopyReport } from "../../../copy/copy.ts"
import { openCopy } from "../../house/copy-points.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"
import { kitLines } from "../kit-reminder.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"

/** `holdfast copy` */
export const run: CommandRun = async (house, input) => {
  const points = input.list("point")
  const subject = await openCopy(house, { app: input.argument("app"), from: input.text("from"), to: input.text("to"), points })
  if (input.flag("plan")) return { document: documentOf(subject.app, subject.plan, null), lines: planLines(subject.plan) }
  const report = await subject.apply()
  return {
    document: documentOf(subject.app, subject.plan, report),
    lines: [...reportLines(subject.app, report), ...(await kitLines(house, await subject.openTarget()))],
    exitCode: report.outcome === "partial" ? EXIT.partial : EXIT.done,
  }
}

function documentOf(app: string, plan: CopyPlan, report: CopyReport | null): CopyOutput {
  return {
    format: "holdfast.copy",
    version: 1,
    app,
    from: plan.from,
    to: plan.to,
    applied: report !== null,
    outcome: report?.outcome ?? null,
    copied: [...(report?.copied ?? [])],
    failed: (report?.failed ?? []).map((one) => ({ ...one })),
    problems: [...(report?.problems ?? plan.problems)],
    plan: copyPlanToJson(plan),
  }
}

function planLines(plan: CopyPlan): readonly string[] {
  const rows = plan.points.map((point) => [point.id, formatInstant(point.startedAt), formatBytes(point.sizeBytes)])
  const table = renderTable([{ title: "POINT" }, { title: "TAKEN" }, { title: "SIZE", right: true }], rows)
  const also = [
    plan.points.length === 0 ? `vault ${plan.to} lacks no point of vault ${plan.from}` : null,
    plan.makesVault ? `makes vault ${plan.to}` : null,
    plan.pins.length === 0 ? null : `tells vault ${plan.to} which of its points are pinned: ${plan.pins.join(", ")}`,
    plan.expiredThere.length === 0
      ? null
      : `leaves out ${counted(plan.expiredThere.length, "point")} that ${plan.to} let go by its own policy`,
    ...plan.problems,
  ]
  return [...(rows.length === 0 ? [] : table), ...also.filter((line) => line !== null)]
}

function reportLines(app: string, report: CopyReport): readonly string[] {
  const { from, to, copied, failed, problems } = report
  const done =
    copied.length === 0
      ? `vault ${to} lacks no point of vault ${from}`
      : `copied ${counted(copied.length, "point")} of ${app} from ${from} to ${to}`
  return [
    copied.length === 0 && failed.length + problems.length > 0 ? `copied no point of ${app} from ${from} to ${to}` : done,
    ...copied.map((id) => `  ${id}`),
    ...failed.map((one) => `not copied: ${one.point}: ${one.message}`),
    ...problems,
  ]
}
