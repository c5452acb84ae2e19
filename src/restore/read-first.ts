import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import { proveRead } from "../verify/prove-read.ts"
import type { Origin } from "./stage.ts"
import type { RestoreTools } from "./ports.ts"
import type { RestoreSteps } from "./steps.ts"

/** A point that was never read back is read to its last byte before anything live is touched (design §7, guard). */
export async function readFirst(tools: RestoreTools, origin: Origin, journal: Journal<RestoreSteps>, ctx: RunContext): Promise<void> {
  const { vault, point } = origin
  const { id, app } = point.manifest
  const proofs = await tools.store.proofs(app)
  const proven = proofs.some((proof) => proof.point === id && proof.vault === vault.location.name && proof.level !== "sealed")
  if (proven) return
  await journal.step("read-point", { point: id }, async () => await proveRead(tools, vault, point, ctx))
}
