import type { Json } from "../../../base/canonical-json.ts"
import { formatBytes, formatDuration } from "../../../base/units.ts"
import type { ShowOutput } from "../../../contract/output-points.ts"
import type { PinRecord, ProofRecord } from "../../../operation/ports.ts"
import type { Manifest, ManifestPart } from "../../../recovery-point/manifest.ts"
import type { CommandRun } from "../command-spec.ts"
import { openPoints } from "../../house/point-subject.ts"
import { renderPairs, renderTable } from "../render/table.ts"
import { formatAge, formatInstant } from "../render/time.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast show` */
export const run: CommandRun = async (house, input) => {
  const subject = await openPoints(house, selectionOf(input))
  const point = await subject.point(input.argument("point"))
  const { manifest, digest } = point
  const proofs = (await subject.store.proofs(manifest.app)).filter((proof) => proof.point === manifest.id)
  const pin = (await subject.store.pins(manifest.app)).findLast((one) => one.point === manifest.id)
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
  const head = renderPairs(headOf(manifest, point.vault, digest, pin))
  const now = house.clock.now()
  return { document, lines: [...head, "", ...partLines(manifest.parts), "", ...proofLines(proofs, now), ...tailOf(manifest)] }
}

function proofDocument(proof: ProofRecord): ShowOutput["proofs"][number] {
  const { level, vault, durationMs, operationId, details } = proof
  return { level, vault, at: proof.at.toISOString(), durationMs, operationId, details }
}

function headOf(manifest: Manifest, vault: string, digest: string, pin: PinRecord | undefined): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string | null])[] = [
    ["point", manifest.id],
    ["app", `${manifest.app}${manifest.appVersion === null ? "" : ` ${manifest.appVersion}`}`],
    ["vault", vault],
    ["label", manifest.label],
    ["taken", `${formatInstant(new Date(manifest.startedAt))} in ${formatDuration(manifest.durationMs)}${manifest.cold ? ", cold" : ""}`],
    ["by", `${manifest.trigger} on ${manifest.host}, operation ${manifest.operationId}`],
    ["place", `${manifest.sequence}${manifest.previous === null ? ", the first" : `, after ${manifest.previous.id}`}`],
    ["digest", digest],
    ["pinned", pin?.pinned === true ? (pin.reason ?? "yes") : null],
    ["left out", manifest.leftOut.length === 0 ? null : manifest.leftOut.join(", ")],
  ]
  return pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null)
}

function partLines(parts: readonly ManifestPart[]): readonly string[] {
  const columns = [{ title: "PART" }, { title: "WHAT" }, { title: "SIZE", right: true }, { title: "STORED", right: true }]
  return renderTable(
    columns,
    parts.map((part) => [part.part, describePart(part), formatBytes(part.sizeBytes), formatBytes(part.storedBytes)]),
  )
}

export function describePart(part: ManifestPart): string {
  if (part.kind === "image") return part.reference
  if (part.kind !== "database") return `${part.files} files`
  const rows = Object.values(part.facts.rows)
  const total = rows.reduce((sum, count) => sum + count, 0)
  const schema = part.facts.schemaVersion === null ? "" : `, schema ${part.facts.schemaVersion}`
  return `${part.engine} ${part.facts.engineVersion}${schema}, ${rows.length} tables, ${total} rows, by ${part.access}`
}

function proofLines(proofs: readonly ProofRecord[], now: Date): readonly string[] {
  if (proofs.length === 0) return ["proof: sealed, never read back; `holdfast verify` reads every byte, `holdfast drill` restores it"]
  return renderTable(
    [{ title: "PROOF" }, { title: "VAULT" }, { title: "WHEN" }, { title: "TOOK", right: true }, { title: "OPERATION" }],
    proofs.map((proof) => [proof.level, proof.vault, formatAge(proof.at, now), formatDuration(proof.durationMs), proof.operationId]),
  )
}

function tailOf(manifest: Manifest): readonly string[] {
  const keys = Object.entries(manifest.keyFingerprints).map(([name, fingerprint]) => `needs the key ${name} (${fingerprint})`)
  const warnings = manifest.warnings.map((warning) => `warning: ${warning}`)
  return ["", ...keys, ...warnings, `\`holdfast restore ${manifest.app} ${manifest.id} --plan\` shows what a restore would do`]
}
