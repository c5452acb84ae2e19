/** Names of the databases that take part in one replacement: at most 63 bytes, with the operation's id in them. */
import { sha256 } from "../../../base/canonical-json.ts"
import type { ReplacementNames } from "../../../app/ports.ts"

const MAX_NAME_BYTES = 63

/** `<live>_restore_<id>`, `<live>_kept_<id>`, `<live>_failed_<id>`; a live name that is too long is cut and told apart by its digest. */
export function replacementNames(live: string, operationId: string): ReplacementNames {
  return {
    live,
    staged: nameBeside(live, `_restore_${operationId}`),
    kept: nameBeside(live, `_kept_${operationId}`),
    failed: nameBeside(live, `_failed_${operationId}`),
  }
}

const BESIDE = /_(?:restore|kept|failed)_\d{8}t\d{6}-[0-9a-f]{6}(?:_part)?$/

/** Whether a database has one of these names, of whatever operation. */
export function isBeside(name: string): boolean {
  return BESIDE.test(name)
}

/** What a copy is called until it is whole: whoever sees the name itself may rely on the copy. */
export function partialName(name: string): string {
  return nameBeside(name, "_part")
}

function nameBeside(live: string, ending: string): string {
  if (Buffer.byteLength(live + ending) <= MAX_NAME_BYTES) return live + ending
  const digest = `~${sha256(live).slice(7, 13)}`
  let head = live
  while (Buffer.byteLength(head + digest + ending) > MAX_NAME_BYTES) head = Array.from(head).slice(0, -1).join("")
  return head + digest + ending
}
