import type { Json } from "../../base/canonical-json.ts"
import { counted } from "../../base/units.ts"
import type { ShowOutput } from "../../contract/output-points.ts"
import type { PinRecord, ProofRecord, Store } from "../../operation/ports.ts"
import type { ManifestPart } from "../../recovery-point/manifest.ts"
import type { SealedPoint } from "../../recovery-point/recovery-point.ts"

export interface ShownPoint {
  readonly document: ShowOutput
  readonly proofs: readonly ProofRecord[]
  readonly pin: PinRecord | undefined
}

/** Everything that is known of one point. */
export async function shownPoint(store: Store, point: SealedPoint): Promise<ShownPoint> {
  const { manifest, digest } = point
  const proofs = (await store.proofs(manifest.app)).filter((proof) => proof.point === manifest.id)
  const pin = (await store.pins(manifest.app)).findLast((one) => one.point === manifest.id)
  const document: ShowOutput = {
    format: "holdfast.show",
    version: 1,
    app: manifest.app,
    vault: point.vault,
    id: manifest.id,
    digest,
    pinned: pin?.pinned === true,
    pinReason: pin?.pinned === true ? pin.reason : null,
    proofs: proofs.map(proofDocument),
    manifest: { ...manifest } satisfies Json,
  }
  return { document, proofs, pin }
}

function proofDocument(proof: ProofRecord): ShowOutput["proofs"][number] {
  const { level, vault, durationMs, operationId, details } = proof
  return { level, vault, at: proof.at.toISOString(), durationMs, operationId, details }
}

/** A part in words: engine and rows, files, the image's name. */
export function describePart(part: ManifestPart): string {
  if (part.kind === "image") return part.reference
  if (part.kind !== "database") return counted(part.files, "file")
  const rows = Object.values(part.facts.rows)
  const total = rows.reduce((sum, count) => sum + count, 0)
  const schema = part.facts.schemaVersion === null ? "" : `, schema ${part.facts.schemaVersion}`
  return `${part.engine} ${part.facts.engineVersion}${schema}, ${counted(rows.length, "table")}, ${counted(total, "row")}, by ${part.access}`
}
