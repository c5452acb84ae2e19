import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { createGunzip } from "node:zlib"
import { HoldfastError, messageOf } from "../base/errors.ts"

/** What a foreign file holds, told by its content, never by its name (Chatalot's `*.sql.gz` hold custom dumps). */
export interface Recognised {
  readonly path: string
  readonly gzipped: boolean
  readonly format: "postgres-custom" | "postgres-plain" | "sqlite" | "tar"
}

const HEAD_BYTES = 1024
const TAR_MAGIC_OFFSET = 257
/** The first entry of pg_dump's own tar format: no archive of files, and one that never ends when it is cut (F36). */
const PG_TAR_ENTRY = "toc.dat\0"

/** Looks at the first bytes, through one layer of gzip. Throws DUMP_FORMAT_UNKNOWN, DUMP_TRUNCATED for an empty file, SOURCE_MISSING. */
export async function recognise(path: string): Promise<Recognised> {
  const head = await readHead(path)
  if (head.length === 0) throw new HoldfastError("DUMP_TRUNCATED", { what: `${path} is empty` })
  const gzipped = head[0] === 0x1f && head[1] === 0x8b
  const format = formatOf(gzipped ? await gunzippedHead(path) : head)
  if (format !== null) return { path, gzipped, format }
  throw new HoldfastError("DUMP_FORMAT_UNKNOWN", { what: `${path} is none of the formats that can be imported` })
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new HoldfastError("SOURCE_MISSING", { what: `${path} cannot be opened`, why: messageOf(cause), cause })
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function gunzippedHead(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const source = createReadStream(path)
  try {
    for await (const chunk of source.pipe(createGunzip())) {
      const piece: unknown = chunk
      if (!Buffer.isBuffer(piece)) continue
      chunks.push(piece)
      sizeBytes += piece.length
      if (sizeBytes >= HEAD_BYTES) break
    }
  } catch (cause) {
    throw new HoldfastError("DUMP_DAMAGED", { what: `${path} is not a whole gzip file`, why: messageOf(cause), cause })
  } finally {
    source.destroy()
  }
  return Buffer.concat(chunks)
}

function formatOf(head: Buffer): Recognised["format"] | null {
  if (head.subarray(0, 5).toString("latin1") === "PGDMP") return "postgres-custom"
  if (head.subarray(0, 16).toString("latin1") === "SQLite format 3\0") return "sqlite"
  if (head.subarray(0, PG_TAR_ENTRY.length).toString("latin1") === PG_TAR_ENTRY) return null
  if (head.subarray(TAR_MAGIC_OFFSET, TAR_MAGIC_OFFSET + 5).toString("latin1") === "ustar") return "tar"
  return head.toString("utf8").includes("-- PostgreSQL database dump") ? "postgres-plain" : null
}
