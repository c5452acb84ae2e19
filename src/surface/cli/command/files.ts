import { formatBytes } from "../../../base/units.ts"
import type { FilesOutput } from "../../../contract/output-points.ts"
import { partItem } from "../../../recovery-point/recovery-point.ts"
import type { ListedEntry } from "../../../vault/ports.ts"
import type { CommandRun } from "../command-spec.ts"
import { chooseTree, isBelow } from "../../house/trees-of-point.ts"
import { openPoints } from "../../house/point-subject.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast files` */
export const run: CommandRun = async (house, input) => {
  const { declared, vault, ctx, point: find } = await openPoints(house, selectionOf(input))
  const point = await find(input.argument("point"))
  const part = chooseTree(point.manifest.parts, input.text("part"))
  const below = input.text("path")
  const item = await partItem(vault, point, part.part, ctx)
  const entries: ListedEntry[] = []
  for await (const entry of vault.backend.entries(vault.location, item, ctx)) if (isBelow(entry.path, below)) entries.push(entry)
  const document: FilesOutput = {
    format: "holdfast.files",
    version: 1,
    app: declared.name,
    id: point.manifest.id,
    part: part.part,
    entries: entries.map((entry) => ({ ...entry, modifiedAt: entry.modifiedAt.toISOString() })),
  }
  const columns = [{ title: "MODE" }, { title: "OWNER" }, { title: "SIZE", right: true }, { title: "MODIFIED" }, { title: "PATH" }]
  return { document, lines: renderTable(columns, entries.map(rowOf)) }
}

const MARKS: Readonly<Record<ListedEntry["kind"], string>> = {
  file: "-",
  dir: "d",
  symlink: "l",
  fifo: "p",
  socket: "s",
  dev: "b",
  chardev: "c",
}

function rowOf(entry: ListedEntry): readonly string[] {
  const mode = `${MARKS[entry.kind]}${(entry.mode & 0o7777).toString(8).padStart(4, "0")}`
  return [
    mode,
    `${entry.uid}:${entry.gid}`,
    entry.kind === "file" ? formatBytes(entry.sizeBytes) : "",
    formatInstant(entry.modifiedAt),
    entry.path,
  ]
}
