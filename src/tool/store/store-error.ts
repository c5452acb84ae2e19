import { HoldfastError, messageOf } from "../../base/errors.ts"

/** SQLite's primary result codes that a person must hear about in other words. */
const BUSY = 5
const FULL = 13
const DAMAGED: ReadonlySet<number> = new Set([11, 26])

/** What SQLite or the file system said, as an error that a person can act on. */
export function storeError(path: string, thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown
  const code = primaryCode(thrown)
  const parts = { why: messageOf(thrown), cause: thrown }
  if (code !== null && DAMAGED.has(code)) return new HoldfastError("STORE_UNREADABLE", { what: `the store ${path} is damaged`, ...parts })
  if (code === FULL) {
    return new HoldfastError("SPACE_MISSING", {
      what: `no space left for the store ${path}`,
      ...parts,
      hint: "Free space on that disk, then run it again.",
    })
  }
  const hint =
    code === BUSY
      ? "Another process keeps the store busy. Run it again."
      : "Check that the state directory exists and that this user may write to it."
  return new HoldfastError("STORE_UNREADABLE", {
    what: `the store ${path} cannot be used`,
    ...parts,
    hint,
    details: { busy: code === BUSY },
  })
}

function primaryCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return null
  return thrown.errcode & 0xff
}
