/** Snapshots that chatalot-snapshot left: a gzipped dump and a JSON manifest beside it, both named by the snapshot's id (C6, C13). */
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError, isHoldfastError, messageOf } from "../base/errors.ts"
import type { Manifest } from "../recovery-point/manifest.ts"
import { recognise } from "./recognise.ts"
import { readSideManifest } from "./side-manifest.ts"

export interface SnapshotFile {
  /** `20260419T120000Z-0.24.6` */
  readonly id: string
  readonly path: string
  readonly sizeBytes: number
  readonly takenAt: Date
  readonly version: string
  readonly label: string | null
}

/** Which endings its dumps have is not published, so any is taken; what is inside is told by content. */
const NAME = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-(.+)$/
const ENDINGS = /(?:\.(?:sql|dump|pgdump|custom|backup|pg|gz))+$/

/** The snapshot files in a directory, newest first; none where the directory is not there. Throws SOURCE_UNREADABLE. */
export async function snapshotFiles(directory: string): Promise<readonly SnapshotFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return []
    throw new HoldfastError("SOURCE_UNREADABLE", { what: `${directory} cannot be read`, why: messageOf(cause), cause })
  })
  const names = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".json")).map((entry) => entry.name)
  const found = await Promise.all(names.map(async (name) => await snapshotFile(directory, name)))
  return found.filter((file) => file !== null).toSorted((left, right) => right.takenAt.getTime() - left.takenAt.getTime())
}

async function snapshotFile(directory: string, name: string): Promise<SnapshotFile | null> {
  const id = name.replace(ENDINGS, "")
  const match = NAME.exec(id)
  const path = join(directory, name)
  if (match === null || !(await isDump(path))) return null
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "", version = ""] = match
  const takenAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(takenAt.getTime())) return null
  const side = await readSideManifest(path)
  return { id, path, sizeBytes: (await stat(path)).size, takenAt, version: side?.version ?? version, label: side?.label ?? null }
}

/** A damaged or empty one is listed all the same: that it is damaged has to be seen, by `verify`. */
async function isDump(path: string): Promise<boolean> {
  try {
    return (await recognise(path)).format.startsWith("postgres-")
  } catch (thrown) {
    return isHoldfastError(thrown, "DUMP_DAMAGED") || isHoldfastError(thrown, "DUMP_TRUNCATED")
  }
}

const IMPORTED = / was imported from (.+)$/

/** The files that an imported point was made of. */
export function importedFrom(manifest: Pick<Manifest, "trigger" | "warnings">): readonly string[] {
  if (manifest.trigger !== "import") return []
  return manifest.warnings.flatMap((warning) => IMPORTED.exec(warning)?.[1] ?? [])
}
