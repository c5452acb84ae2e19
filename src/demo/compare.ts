import { counted } from "../base/units.ts"
import type { SampleFacts } from "./sample-app.ts"

/** One statement about the data, and whether it is true. */
export interface Comparison {
  readonly name: string
  readonly held: boolean
  readonly detail: string
}

/** A demo whose damage does no harm proves nothing. */
export function damageSeen(before: SampleFacts, damaged: SampleFacts): readonly Comparison[] {
  const deleted = Object.keys(before.uploads).filter((name) => !(name in damaged.uploads)).length
  return [
    {
      name: "rows were corrupted",
      held: damaged.corruptRows > 0 && damaged.rowsDigest !== before.rowsDigest,
      detail: counted(damaged.corruptRows, "row"),
    },
    {
      name: "uploads were deleted",
      held: deleted > 0 && damaged.lostUploads > 0,
      detail: `${deleted} of ${Object.keys(before.uploads).length}`,
    },
    {
      name: "the secret was blanked",
      held: damaged.secretBytes === 0 && damaged.secret !== before.secret,
      detail: `${damaged.secretBytes} bytes`,
    },
  ]
}

/**
 * Everything that was acknowledged before the point began must be there again as it was; both facts are taken up to the same row.
 * @param before taken before the point began
 */
export function broughtBack(before: SampleFacts, after: SampleFacts): readonly Comparison[] {
  const names = Object.keys(before.uploads)
  const same = names.filter((name) => after.uploads[name] === before.uploads[name]).length
  const rows = before.rows > 0 && before.rows === before.acknowledged && after.rows === before.rows
  return [
    { name: "every acknowledged row is back", held: rows, detail: `${after.rows} of ${counted(before.acknowledged, "row")}` },
    {
      name: "and reads as it was written",
      held: after.rowsDigest === before.rowsDigest && after.corruptRows === 0,
      detail: short(after.rowsDigest),
    },
    {
      name: "uploads are identical to the byte",
      held: names.length > 0 && same === names.length && after.lostUploads === 0,
      detail: `${same} of ${names.length} files`,
    },
    { name: "the secret is the same", held: before.secretBytes > 0 && after.secret === before.secret, detail: short(after.secret) },
  ]
}

function short(digest: string): string {
  return `SHA-256 ${digest.slice(0, 12)}…`
}
