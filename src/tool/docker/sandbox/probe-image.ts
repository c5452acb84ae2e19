import { createHash } from "node:crypto"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Processes } from "../../process/process.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Client } from "../client.ts"
import { findImage } from "../images.ts"

/**
 * An image with nothing but the host's own busybox, made once and never pulled; null where there is no busybox or it is not a static
 * program. A given image must have `busybox` on its PATH.
 */
export async function findHelperImage(client: Client, processes: Processes, given: string | null, ctx: RunContext): Promise<string | null> {
  if (given !== null) return given
  const found = await processes.run({ argv: ["sh", "-c", "command -v busybox"], signal: ctx.signal })
  const path = found.stdout.trim()
  if (found.exitCode !== 0 || path === "") return null
  const bytes = await readFile(path)
  if (!isStaticProgram(bytes)) return null
  const tag = `holdfast-helper:${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`
  if ((await findImage(client, tag, ctx)) === null) await importProgram(client, processes, path, tag, ctx)
  return (await findImage(client, tag, ctx)) === null ? null : tag
}

/** 64-bit little-endian ELF without an interpreter (PT_INTERP). */
export function isStaticProgram(bytes: Buffer): boolean {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return false
  const table = Number(bytes.readBigUInt64LE(32))
  const entryBytes = bytes.readUInt16LE(54)
  const kinds = Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => table + index * entryBytes)
  return kinds.every((at) => at + 4 <= bytes.length && bytes.readUInt32LE(at) !== 3)
}

async function importProgram(client: Client, processes: Processes, path: string, tag: string, ctx: RunContext): Promise<void> {
  const directory = await mkdtemp(join(client.scratchDirectory, "helper-image-"))
  try {
    const archive = join(directory, "helper.tar")
    const rename = ["--dereference", "--transform", "s|.*|bin/busybox|", "--absolute-names"]
    await processes.run({ argv: ["tar", ...rename, "-cf", archive, path], signal: ctx.signal })
    await client.docker(["import", "--change", "ENV PATH=/bin", archive, tag], ctx)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
