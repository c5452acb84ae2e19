import { formatBytes } from "../base/units.ts"
import type { Manifest, ManifestPart } from "../recovery-point/manifest.ts"

/** Smaller trees are rewritten every day for good reasons. */
const FLOOR_BYTES = 1024 * 1024
/** What is stored of new content after compression; text and databases stay far below, encrypted content is at it. */
const INCOMPRESSIBLE_RATIO = 0.9
/** Of the bytes that were there before, at least this much can have come anew. */
const REWRITTEN_RATIO = 0.8

/**
 * The look of a tree that somebody encrypted (F154): nearly everything in it is new to the vault since the last point, none of it can be
 * compressed, and there is about as much of it as before. Null when it does not look so. A tree of new media looks the same: hence a
 * warning and no refusal.
 */
export function rewrittenWarning(part: ManifestPart, last: Manifest | null): string | null {
  const before = last?.parts.find((candidate) => candidate.part === part.part)
  if (part.kind !== "files" || before?.kind !== "files" || before.sizeBytes < FLOOR_BYTES) return null
  const grownBytes = Math.max(0, part.sizeBytes - before.sizeBytes)
  const rewrittenBytes = part.storedBytes - grownBytes
  if (part.storedBytes < part.sizeBytes * INCOMPRESSIBLE_RATIO || rewrittenBytes < before.sizeBytes * REWRITTEN_RATIO) return null
  return (
    `${part.part}: ${formatBytes(part.storedBytes)} of ${formatBytes(part.sizeBytes)} are new since ${last?.id ?? "the last point"} and cannot be compressed. ` +
    "If nobody replaced these files, they may have been encrypted: look at them, and pin an older point before anything expires"
  )
}
