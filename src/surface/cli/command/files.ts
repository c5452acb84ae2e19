import { HoldfastError } from "../../../base/errors.ts"
import { formatBytes } from "../../../base/units.ts"
import type { FilesOutput } from "../../../contract/output-points.ts"
import type { ManifestPart } from "../../../recovery-point/manifest.ts"
import { partItem } from "../../../recovery-point/recovery-point.ts"
import type { ListedEntry } from "../../../vault/ports.ts"
import type { CommandRun } from "../command-spec.ts"
import { openPoints } from "../../house/point-subject.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast files` */
export const run: CommandRun = async (house, input) => {
  const { declared, vault, ctx, point: find } = await openPoints(house, selectionOf(input))
  const point = await find(input.argument("point"))
  const part = choosePart(point.manifest.parts, input.text("part"))
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

/** The part that is named; else the only tree of files. */
function choosePart(parts: readonly ManifestPart[], named: string | null): ManifestPart {
  const trees = parts.filter((part) => part.kind !== "database" && part.kind !== "image")
  const fitting =
    named === null ? trees.filter((part) => part.kind === "files") : trees.filter((part) => part.part === named || part.name === named)
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0) return only
  const names = trees.map((part) => part.part).join(", ")
  const what = named === null ? "which part? Name it with --part" : `the point has no tree of files called ${named}`
  throw new HoldfastError(named === null ? "USAGE" : "PART_UNKNOWN", {
    what,
    why: names === "" ? "it holds no files" : `there is ${names}`,
  })
}

function isBelow(path: string, below: string | null): boolean {
  if (below === null) return true
  const root = below.replaceAll(/^\/+|\/+$/g, "")
  const bare = path.replace(/^\/+/, "")
  return root === "" || bare === root || bare.startsWith(`${root}/`)
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
