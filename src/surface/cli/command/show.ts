import { z } from "zod"
import { formatBytes, formatDuration } from "../../../base/units.ts"
import type { PinRecord, ProofRecord } from "../../../operation/ports.ts"
import type { Manifest, ManifestPart } from "../../../recovery-point/manifest.ts"
import type { CommandRun } from "../command-spec.ts"
import { openPoints } from "../../house/point-subject.ts"
import { describePart, shownPoint } from "../../house/shown-point.ts"
import { shownPart } from "../../house/part-name.ts"
import { renderPairs, renderTable } from "../render/table.ts"
import { formatAge, formatInstant } from "../render/time.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast show` */
export const run: CommandRun = async (house, input) => {
  const subject = await openPoints(house, selectionOf(input))
  const point = await subject.point(input.argument("point"))
  const { manifest, digest } = point
  const { document, proofs, pin } = await shownPoint(subject.store, point)
  const head = renderPairs(headOf(manifest, point.vault, digest, pin))
  const now = house.clock.now()
  return { document, lines: [...head, "", ...partLines(manifest.parts), "", ...proofLines(proofs, now), ...tailOf(manifest)] }
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
    parts.map((part) => [shownPart(part.part), describePart(part), formatBytes(part.sizeBytes), formatBytes(part.storedBytes)]),
  )
}

function proofLines(proofs: readonly ProofRecord[], now: Date): readonly string[] {
  if (proofs.length === 0) return ["proof: sealed, never read back; `holdfast verify` reads every byte, `holdfast drill` restores it"]
  const table = renderTable(
    [{ title: "PROOF" }, { title: "VAULT" }, { title: "WHEN" }, { title: "TOOK", right: true }, { title: "OPERATION" }],
    proofs.map((proof) => [proof.level, proof.vault, formatAge(proof.at, now), formatDuration(proof.durationMs), proof.operationId]),
  )
  return [...table, ...proofs.flatMap(proofWarnings)]
}

const warned = z.object({ warnings: z.array(z.string()) })

/** What a proof does not cover. */
function proofWarnings({ level, operationId, details }: ProofRecord): readonly string[] {
  return (warned.safeParse(details).data?.warnings ?? []).map((warning) => `warning: ${level} by ${operationId}: ${warning}`)
}

function tailOf(manifest: Manifest): readonly string[] {
  const keys = Object.entries(manifest.keyFingerprints).map(([name, fingerprint]) => `needs the key ${name} (${fingerprint})`)
  const warnings = manifest.warnings.map((warning) => `warning: ${warning}`)
  return ["", ...keys, ...warnings, `\`holdfast restore ${manifest.app} ${manifest.id} --plan\` shows what a restore would do`]
}
