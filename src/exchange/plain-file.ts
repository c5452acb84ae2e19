import { closeSync, createReadStream, createWriteStream, openSync } from "node:fs"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import type { DumpSource } from "../app/ports.ts"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { Recognised } from "./recognise.ts"

/** Unpacks one layer of gzip into a private file; a cut or damaged gzip is refused (its own checksum decides). Returns the plain file. */
export async function plainFile(recognised: Recognised, target: string, signal: AbortSignal): Promise<string> {
  if (!recognised.gzipped) return recognised.path
  try {
    await pipeline(createReadStream(recognised.path), createGunzip(), createWriteStream(target, { mode: 0o600, flags: "wx" }), { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw unpackError(recognised.path, cause)
  }
  return target
}

/** A full disk of ours says nothing about the file. */
export function unpackError(path: string, cause: unknown): HoldfastError {
  const code = cause instanceof Error && "code" in cause ? cause.code : null
  const why = messageOf(cause)
  if (code === "ENOSPC" || code === "EDQUOT")
    return new HoldfastError("SPACE_MISSING", { what: `there is no room to unpack ${path}`, why, cause })
  const cut = code === "Z_BUF_ERROR"
  return new HoldfastError(cut ? "DUMP_TRUNCATED" : "DUMP_DAMAGED", { what: `${path} cannot be unpacked to its end`, why, cause })
}

/** Gives a file to what reads a dump, as if it came out of a vault. */
export async function asDump<T>(path: string, use: (dump: DumpSource) => Promise<T>): Promise<T> {
  const fd = openSync(path, "r")
  try {
    return await use({ fd, path })
  } finally {
    closeSync(fd)
  }
}
