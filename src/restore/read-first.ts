import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import { recordProof } from "../recovery-point/recovery-point.ts"
import { readPart } from "../verify/read-part.ts"
import type { Origin } from "./stage.ts"
import type { RestoreTools } from "./ports.ts"
import type { RestoreSteps } from "./steps.ts"

/** A point that was never read back is read to its last byte before anything live is touched (design §7, guard). */
export async function readFirst(tools: RestoreTools, origin: Origin, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  const { vault, point } = origin
  const { id, app, parts } = point.manifest
  const proofs = await tools.store.proofs(app)
  const proven = proofs.some((proof) => proof.point === id && proof.vault === vault.location.name && proof.level !== "sealed")
  if (proven) return
  const startedMs = ctx.clock.monotonicMs()
  await journal.step("read-point", { point: id }, async () => {
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
  })
}
