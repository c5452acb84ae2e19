import { mkdir } from "node:fs/promises"
import { resolve } from "node:path"
import { exportPoint, exportSnapshot } from "../../../exchange/exchange.ts"
import { formatBytes } from "../../../base/units.ts"
import type { CommandRun } from "../command-spec.ts"
import { usage } from "../input.ts"
import { renderTable } from "../render/table.ts"
import { openSubject, pointOf } from "../../house/subject.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast export` */
export const run: CommandRun = async (house, input) => {
  const subject = await openSubject(house, selectionOf(input), { create: false })
  const point = await pointOf(subject, selectionOf(input))
  const origin = { vault: subject.vault, point }
  const to = input.text("to")
  if (to === null) throw usage("--to DIRECTORY is missing")
  const directory = resolve(house.cwd, to)
  const format = input.text("format") ?? "stock"
  if (format === "snapshot") {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const files = await exportSnapshot(origin, subject.app, directory, subject.ctx)
    return {
      document: { format: "holdfast.export", version: 1, point: point.manifest.id, directory, files: files.map((path) => ({ path })) },
      lines: files,
    }
  }
  if (format !== "stock") throw usage(`--format is stock or snapshot, not "${format}"`)
  const report = await exportPoint(subject.tools, origin, subject.app, directory, house.command, house.base())
  const rows = report.files.map((file) => [file.part, file.path, formatBytes(file.sizeBytes)])
  return {
    document: { format: "holdfast.export", version: 1, point: report.point, directory, files: report.files.map((file) => ({ ...file })) },
    lines: [
      `exported ${report.point} to ${directory}; RESTORE.txt there says how to restore it without Holdfast`,
      "",
      ...renderTable([{ title: "PART" }, { title: "FILE" }, { title: "SIZE", right: true }], rows),
    ],
  }
}
