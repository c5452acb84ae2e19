import { createReadStream, createWriteStream } from "node:fs"
import { closeSync, openSync } from "node:fs"
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
    throw new HoldfastError("DUMP_TRUNCATED", { what: `${recognised.path} cannot be unpacked to its end`, why: messageOf(cause), cause })
  }
  return target
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
