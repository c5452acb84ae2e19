import type { FileHandle } from "node:fs/promises"
import { MAGIC } from "./job.ts"

const HEADER_BYTES = 100
const PAGE_SIZE_AT = 16
const PAGE_COUNT_AT = 28

/** Length that a database file's header promises, in bytes; that of a header where the file is shorter, 0 where it is no database. */
export async function fullLength(file: FileHandle): Promise<number> {
  const header = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0)
  if (bytesRead >= MAGIC.length && !header.subarray(0, MAGIC.length).equals(MAGIC)) return 0
  return bytesRead < HEADER_BYTES ? HEADER_BYTES : pageSizeOf(header) * header.readUInt32BE(PAGE_COUNT_AT)
}

/** The value 1 stands for 65536. */
function pageSizeOf(header: Buffer): number {
  const stored = header.readUInt16BE(PAGE_SIZE_AT)
  return stored === 1 ? 65_536 : stored
}
