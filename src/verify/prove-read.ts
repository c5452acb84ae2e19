import type { DatabaseEngines } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { recordProof, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { readPart } from "./read-part.ts"

/**
 * Reads a point to its last byte inside of another verb's run, and records the proof `read`. Throws what `readPart` throws; then there is
 * no proof. The chain is not looked at: that is `verifyPoint`.
 */
export async function proveRead(
  tools: { readonly databases: DatabaseEngines; readonly store: Store },
  vault: OpenVault,
  point: SealedPoint,
  ctx: RunContext,
): Promise<void> {
  const { id, app, parts } = point.manifest
  const startedMs = ctx.clock.monotonicMs()
  const read = []
  for (const part of parts) read.push(await readPart(tools.databases, vault, point, part, ctx))
  const digests = Object.fromEntries(read.flatMap((part) => (part.sha256 === null ? [] : [[part.part, part.sha256]])))
  const proof = {
    app,
    point: id,
    vault: vault.location.name,
    level: "read" as const,
    at: ctx.clock.now(),
    durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
    operationId: ctx.operationId,
    details: { digests },
  }
  await recordProof(vault, tools.store, proof, ctx)
}
