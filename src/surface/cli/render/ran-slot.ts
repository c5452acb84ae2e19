import { formatDuration } from "../../../base/units.ts"
import type { RanSlot } from "../../../contract/output-service.ts"
import type { JobReport } from "../../service/scheduler.ts"
import { renderTable } from "./table.ts"
import { formatInstant } from "./time.ts"

export function ranToJson({ app, schedule, slot, missed, outcome, reason, operationId, durationMs }: JobReport): RanSlot {
  return { app, schedule, slot: slot.toISOString(), missed, outcome, reason, operationId, durationMs }
}

export function ranLines(reports: readonly JobReport[]): readonly string[] {
  const rows = reports.map((report) => [
    report.app,
    report.schedule,
    formatInstant(report.slot),
    report.outcome,
    formatDuration(report.durationMs),
    [report.missed > 0 ? `${report.missed} missed before` : null, report.reason ?? report.did ?? null]
      .filter((text) => text !== null)
      .join("; "),
  ])
  const columns = ["APP", "SCHEDULE", "SLOT", "OUTCOME"].map((title) => ({ title }))
  return renderTable([...columns, { title: "TOOK", right: true }, { title: "" }], rows)
}
