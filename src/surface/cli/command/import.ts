import { resolve } from "node:path"
import { importPoint } from "../../../exchange/exchange.ts"
import { counted, formatBytes } from "../../../base/units.ts"
import type { CommandRun } from "../command-spec.ts"
import { usage } from "../input.ts"
import { renderTable } from "../render/table.ts"
import { openSubject } from "../../house/subject.ts"
import { shownPart } from "../../house/part-name.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast import` */
export const run: CommandRun = async (house, input) => {
  const subject = await openSubject(house, selectionOf(input), { create: true })
  const names = input.rest("file")
  const as = input.list("as")
  if (as.length > 0 && as.length !== names.length) throw usage(`--as is given ${counted(as.length, "time")} for ${names.length} files`)
  const files = names.map((name, index) => ({ path: resolve(house.cwd, name), as: as[index] ?? null }))
  const options = { label: input.text("label"), version: input.text("app-version"), ownerless: input.flag("no-owner") }
  const { manifest } = await importPoint(subject.tools, subject.vault, subject.app, files, options, house.command, house.base())
  const rows = manifest.parts.map((part) => [shownPart(part.part), formatBytes(part.sizeBytes)])
  return {
    document: {
      format: "holdfast.import",
      version: 1,
      point: manifest.id,
      parts: manifest.parts.map((part) => part.part),
      warnings: manifest.warnings,
    },
    lines: [
      `imported as ${manifest.id}`,
      "",
      ...renderTable([{ title: "PART" }, { title: "SIZE", right: true }], rows),
      ...manifest.warnings.map((warning) => `warning: ${warning}`),
    ],
  }
}
