import { formatBytes, formatDuration } from "../../../base/units.ts"
import type { VerifyOutput } from "../../../contract/output.ts"
import { verifyPoint } from "../../../verify/verify.ts"
import type { CommandRun } from "../command-spec.ts"
import { usage } from "../input.ts"
import { renderTable } from "../render/table.ts"
import { openSubject, pointOf } from "../../house/subject.ts"
import { shownPart } from "../../house/part-name.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast verify` */
export const run: CommandRun = async (house, input) => {
  const level = input.text("level") ?? "read"
  if (level !== "sealed" && level !== "read") throw usage(`--level is sealed or read, not "${level}" (a drill gives restored and booted)`)
  const subject = await openSubject(house, selectionOf(input), { create: false })
  const point = await pointOf(subject, selectionOf(input))
  const report = await verifyPoint(subject.tools, subject.vault, point, level, house.command, house.base())
  const document: VerifyOutput = { format: "holdfast.verify", version: 1, ...report, parts: report.parts.map((part) => ({ ...part })) }
  const rows = report.parts.map((part) => [shownPart(part.part), formatBytes(part.sizeBytes), part.sha256 ?? ""])
  return {
    document,
    lines: [
      `${report.point} in vault ${report.vault} is proven: ${report.level} (${formatDuration(report.durationMs)})`,
      ...(rows.length === 0
        ? []
        : ["", ...renderTable([{ title: "PART" }, { title: "READ", right: true }, { title: "SHA-256 OF THE DUMP" }], rows)]),
    ],
  }
}
