import type { DatabaseEngines } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart, ManifestPart } from "../recovery-point/manifest.ts"
import { partItem, type SealedPoint } from "../recovery-point/recovery-point.ts"
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
  const read = await vault.backend.readTree(vault.location, item, ctx)
  if (read.sizeBytes < part.sizeBytes) throw shortened(part, read.sizeBytes)
  return { part: part.part, sizeBytes: read.sizeBytes, sha256: null }
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
    async (source) => await engine.checkDump(source, ctx),
    ctx,
  )
  if (read.sizeBytes !== part.sizeBytes) throw shortened(part, read.sizeBytes)
  refuseMissingTables(part, read.value.tables)
  return { part: part.part, sizeBytes: read.sizeBytes, sha256: read.sha256 }
}

/** Every table whose rows were counted at the capture must be in the dump. */
function refuseMissingTables(part: DatabasePart, tables: readonly string[]): void {
  const found = new Set(tables)
  const missing = Object.keys(part.facts.rows).filter((table) => !found.has(table))
  if (missing.length === 0) return
  throw new HoldfastError("POINT_DAMAGED", { what: `${part.part}: tables are not in the dump: ${missing.join(", ")}` })
}

function shortened(part: ManifestPart, sizeBytes: number): HoldfastError {
  return new HoldfastError("POINT_DAMAGED", { what: `${part.part} has ${sizeBytes} bytes, the manifest says ${part.sizeBytes}` })
}
