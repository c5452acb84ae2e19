import { formatDuration } from "../../../base/units.ts"
import type { DrillOutput } from "../../../contract/output.ts"
import { drillPoint } from "../../../drill/drill.ts"
import type { CommandRun } from "../command-spec.ts"
import { usage } from "../input.ts"
import { renderTable } from "../render/table.ts"
import { openSubject, pointOf } from "../../house/subject.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast drill` */
export const run: CommandRun = async (house, input) => {
  const subject = await openSubject(house, selectionOf(input), { create: false })
  const level = input.text("level") ?? (subject.declared.compose === null ? "restored" : "booted")
  if (level !== "restored" && level !== "booted") throw usage(`--level is restored or booted, not "${level}"`)
  const point = await pointOf(subject, selectionOf(input), "whole")
  const origin = { vault: subject.vault, point }
  const report = await drillPoint(subject.tools, subject.declared, origin, level, house.command, house.base())
  const document: DrillOutput = {
    format: "holdfast.drill",
    version: 1,
    ...report,
    assertions: report.assertions.map((one) => ({ ...one })),
    warnings: [...report.warnings],
  }
  const rows = report.assertions.map((one) => [one.passed ? "held" : "FAILED", one.name, one.detail])
  return {
    document,
    lines: [
      `${report.point} is proven: ${report.level}, recovery time ${formatDuration(report.recoveryTimeMs)}`,
      "",
      ...renderTable([{ title: "" }, { title: "ASSERTION" }, { title: "SEEN" }], rows),
      ...report.warnings.map((warning) => `warning: ${warning}`),
    ],
  }
}
