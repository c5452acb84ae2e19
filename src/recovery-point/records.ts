import type { RunContext } from "../base/run-context.ts"
import type { KeptRecord, PinRecord, ProofRecord, Store } from "../operation/ports.ts"
import { appendLedger } from "../vault/ledger.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { SealedPoint } from "./sealed-point.ts"

/** Seals a proof in the vault's ledger, then keeps it in the store. */
export async function recordProof(vault: OpenVault, store: Store, proof: ProofRecord, ctx: RunContext): Promise<void> {
  await appendLedger(vault, { kind: "proof", app: proof.app, at: proof.at, entry: { ...proof } }, ctx)
  await store.putProof(proof)
}

/** Pins or unpins a point; a pinned one is never expired. */
export async function setPin(vault: OpenVault, store: Store, pin: PinRecord, ctx: RunContext): Promise<void> {
  await appendLedger(vault, { kind: "pin", app: pin.app, at: pin.at, entry: { ...pin } }, ctx)
  await store.putPin(pin)
}

/** Records state kept beside after a restore, or its release. */
export async function recordKeptState(vault: OpenVault, store: Store, kept: KeptRecord, ctx: RunContext): Promise<void> {
  await appendLedger(vault, { kind: "kept", app: kept.app, at: ctx.clock.now(), entry: { ...kept } }, ctx)
  await store.putKept(kept)
}

/**
 * Un-lists points, durably and before their data is removed: the decision is in the ledger first, so that the gap they leave in the
 * chain is explained for ever.
 */
export async function recordExpiry(
  vault: OpenVault,
  store: Store,
  points: readonly SealedPoint[],
  reason: string,
  ctx: RunContext,
): Promise<void> {
  const [first] = points
  if (first === undefined) return
  const { app } = first.manifest
  const at = ctx.clock.now()
  const expired = points.map(({ manifest, digest }) => ({ id: manifest.id, sequence: manifest.sequence, digest }))
  await appendLedger(vault, { kind: "expiry", app, at, entry: { expired, reason, operationId: ctx.operationId } }, ctx)
  await store.markExpired(
    app,
    vault.location.name,
    expired.map((point) => point.id),
    at,
  )
}
