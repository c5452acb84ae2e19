import { createReadStream } from "node:fs"
import type { DatabaseEngines, DumpSource } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { DatabasePart, ImagePart, ManifestPart } from "../recovery-point/manifest.ts"
import { partItem, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"

export interface ReadPart {
  readonly part: string
  readonly sizeBytes: number
  /** SHA-256 of the plain dump, for database parts. */
  readonly sha256: string | null
}

/**
 * Reads every byte of one part back from the vault: content addresses hold, a dump can be parsed to its end and names every table
 * that was counted. Throws POINT_DAMAGED, VAULT_DAMAGED, DUMP_TRUNCATED or DUMP_DAMAGED.
 */
export async function readPart(
  databases: DatabaseEngines,
  vault: OpenVault,
  point: SealedPoint,
  part: ManifestPart,
  ctx: RunContext,
): Promise<ReadPart> {
  if (part.kind === "database") return await readDatabasePart(databases, vault, point, part, ctx)
  const item = await partItem(vault, point, part.part, ctx)
  if (part.kind === "image") return await readImagePart(vault, item, part, ctx)
  const read = await vault.backend.readTree(vault.location, item, ctx)
  if (read.sizeBytes !== part.sizeBytes) throw resized(part, read.sizeBytes)
  if (read.files !== part.files)
    throw new HoldfastError("POINT_DAMAGED", { what: `${part.part} has ${counted(read.files, "file")}, the manifest says ${part.files}` })
  return { part: part.part, sizeBytes: read.sizeBytes, sha256: null }
}

/** An image is one stream under a name; another name or length is another image than the one that was recorded. */
async function readImagePart(vault: OpenVault, item: StoredItem, part: ImagePart, ctx: RunContext): Promise<ReadPart> {
  const read = await vault.backend.readStreamHashed(vault.location, item, part.fileName, async (source) => await readAway(source, ctx), ctx)
  if (read.sizeBytes !== part.sizeBytes) throw resized(part, read.sizeBytes)
  return { part: part.part, sizeBytes: read.sizeBytes, sha256: read.sha256 }
}

/** Every byte passes and is thrown away; counting and hashing is the vault's. */
async function readAway(source: DumpSource, ctx: RunContext): Promise<void> {
  const bytes = createReadStream(source.path, { fd: source.fd, autoClose: false, signal: ctx.signal })
  for await (const _chunk of bytes) continue
}

async function readDatabasePart(
  databases: DatabaseEngines,
  vault: OpenVault,
  point: SealedPoint,
  part: DatabasePart,
  ctx: RunContext,
): Promise<ReadPart> {
  const item = await partItem(vault, point, part.part, ctx)
  const engine = databases.named(part.engine)
  const read = await vault.backend.readStreamHashed(
    vault.location,
    item,
    part.fileName,
    async (source) => await engine.checkDump(source, ctx, madeBy(point, part)),
    ctx,
  )
  if (read.sizeBytes !== part.sizeBytes) throw resized(part, read.sizeBytes)
  refuseMissingTables(part, read.value.tables)
  return { part: part.part, sizeBytes: read.sizeBytes, sha256: read.sha256 }
}

/** The server that the dump came from: its own image reads what programs of this machine are too old for. */
function madeBy(point: SealedPoint, part: DatabasePart): { engineVersion: string; image: string | null } {
  const service = point.manifest.services.find((one) => one.service === part.source["service"])
  return { engineVersion: part.facts.engineVersion, image: service?.imageId ?? null }
}

/** Every table whose rows were counted at the capture must be in the dump. */
function refuseMissingTables(part: DatabasePart, tables: readonly string[]): void {
  const found = new Set(tables)
  const missing = Object.keys(part.facts.rows).filter((table) => !found.has(table))
  if (missing.length === 0) return
  throw new HoldfastError("POINT_DAMAGED", { what: `${part.part}: tables are not in the dump: ${missing.join(", ")}` })
}

function resized(part: ManifestPart, sizeBytes: number): HoldfastError {
  return new HoldfastError("POINT_DAMAGED", { what: `${part.part} has ${sizeBytes} bytes, the manifest says ${part.sizeBytes}` })
}
