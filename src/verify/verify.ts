/** Gives a point the proof `sealed` or `read`: its manifest, its parts, its place in the chain, and every byte of it (design §6). */
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { StepTable } from "../operation/journal.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { checkVaultChain, partItems, readManifest, recordProof, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { VerifyTools } from "./ports.ts"
import { readPart, type ReadPart } from "./read-part.ts"

export type { VerifyTools } from "./ports.ts"

export const verifySteps = {
  "check-seal": { title: "check the manifest, its parts and the chain", crashLeadsTo: "no proof is recorded" },
  "read-part": { title: "read a part back", crashLeadsTo: "no proof is recorded" },
  "record-proof": { title: "record the proof", crashLeadsTo: "the proof is there if its ledger entry was stored" },
} as const satisfies StepTable

export interface VerifyReport {
  readonly point: string
  readonly vault: string
  readonly level: "sealed" | "read"
  readonly parts: readonly ReadPart[]
  readonly durationMs: number
}

/**
 * Verifies one point of a vault and records the proof in the vault and in the store.
 * Throws CHAIN_BROKEN, POINT_DAMAGED, MANIFEST_INVALID, VAULT_DAMAGED, DUMP_TRUNCATED, DUMP_DAMAGED: each is a point not to be trusted.
 */
export async function verifyPoint(
  tools: VerifyTools,
  vault: OpenVault,
  point: SealedPoint,
  level: "sealed" | "read",
  command: string,
  base: ContextBase,
): Promise<VerifyReport> {
  const plan = { point: point.manifest.id, vault: vault.location.name, level }
  const request = { kind: "verify" as const, app: point.manifest.app, steps: verifySteps, plan, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const startedMs = ctx.clock.monotonicMs()
    const id = point.manifest.id
    await journal.step("check-seal", { point: id }, async () => await checkSeal(tools, vault, point, ctx))
    const parts: ReadPart[] = []
    for (const part of level === "read" ? point.manifest.parts : []) {
      const reading = async () => await readPart(tools.databases, vault, point, part, ctx)
      parts.push(await journal.step("read-part", { part: part.part }, reading))
    }
    await refuseChangedDigests(tools, point, parts)
    const durationMs = Math.round(ctx.clock.monotonicMs() - startedMs)
    const report: VerifyReport = { point: id, vault: vault.location.name, level, parts, durationMs }
    await journal.step(
      "record-proof",
      { point: id, level },
      async () => await recordProof(vault, tools.store, proofOf(report, point, ctx), ctx),
    )
    return { outcome: "succeeded", result: report, record: { point: id, level, durationMs } }
  })
  return end.result
}

async function checkSeal(tools: VerifyTools, vault: OpenVault, point: SealedPoint, ctx: RunContext): Promise<void> {
  const stored = await readManifest(vault, point.manifest.app, point.manifest.id, ctx)
  if (stored.digest !== point.digest) {
    throw new HoldfastError("MANIFEST_INVALID", {
      what: `the manifest of ${point.manifest.id} in ${vault.location.name} is not the one that was sealed`,
    })
  }
  await partItems(vault, point, ctx)
  await checkVaultChain(vault, tools.store, point.manifest.app, ctx)
}

/** The SHA-256 of a dump that was read once is equal ever after (design §6). */
async function refuseChangedDigests(tools: VerifyTools, point: SealedPoint, parts: readonly ReadPart[]): Promise<void> {
  const proofs = await tools.store.proofs(point.manifest.app)
  const earlier = proofs.filter((proof) => proof.point === point.manifest.id && proof.level === "read")
  for (const part of parts) {
    if (part.sha256 === null) continue
    for (const proof of earlier) refuseOtherDigest(part.part, part.sha256, digestIn(proof.details, part.part))
  }
}

function refuseOtherDigest(part: string, now: string, before: string | null): void {
  if (before === null || before === now) return
  throw new HoldfastError("POINT_DAMAGED", {
    what: `the dump of ${part} is not the one that was read before`,
    why: `${before} then, ${now} now`,
  })
}

function digestIn(details: unknown, part: string): string | null {
  if (details === null || typeof details !== "object" || !("digests" in details)) return null
  const { digests } = details
  if (digests === null || typeof digests !== "object") return null
  const value: unknown = Reflect.get(digests, part)
  return typeof value === "string" ? value : null
}

function proofOf(report: VerifyReport, point: SealedPoint, ctx: RunContext) {
  const digests = Object.fromEntries(report.parts.flatMap((part) => (part.sha256 === null ? [] : [[part.part, part.sha256]])))
  return {
    app: point.manifest.app,
    point: report.point,
    vault: report.vault,
    level: report.level,
    at: ctx.clock.now(),
    durationMs: report.durationMs,
    operationId: ctx.operationId,
    details: { digests },
  }
}
