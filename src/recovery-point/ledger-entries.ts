import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { readLedger, type LedgerKind } from "../vault/ledger.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import { proofLevels } from "./proof.ts"
import { restoreReleaseMarks } from "./release-marks.ts"

const instant = z.iso.datetime().transform((text) => new Date(text))

const proofSchema = z.strictObject({
  app: z.string(),
  point: z.string(),
  vault: z.string(),
  level: z.enum(proofLevels),
  at: instant,
  durationMs: z.number(),
  operationId: z.string(),
  details: z.json(),
})

const pinSchema = z.strictObject({ app: z.string(), point: z.string(), pinned: z.boolean(), reason: z.string().nullable(), at: instant })

const keptSchema = z.strictObject({
  operationId: z.string(),
  app: z.string(),
  keptUntil: instant,
  releasedAt: instant.nullable(),
  details: z.json(),
})

const linkSchema = z.strictObject({ id: z.string(), sequence: z.number().int().positive(), digest: z.string() })

const expirySchema = z.strictObject({
  expired: z.array(linkSchema),
  reason: z.string(),
  operationId: z.string(),
})

const copySchema = z.strictObject({
  points: z.array(linkSchema.extend({ origin: z.string() })),
  absent: z.array(linkSchema),
  operationId: z.string(),
})

/** A point that was expired on purpose: the gap it leaves in the chain is no damage. */
export interface ExpiredLink {
  readonly id: string
  readonly sequence: number
  readonly digest: string
  readonly at: Date
}

/** Puts proofs, pins, kept states and the newest releases of the vault's ledger back into the store (design §4). */
export async function restoreRecords(
  vault: OpenVault,
  store: Store,
  app: string,
  listed: readonly StoredItem[],
  ctx: RunContext,
): Promise<void> {
  // A vault may have been renamed in the settings since: a proof counts for the vault it lies in.
  for (const proof of await entriesOf(vault, "proof", app, proofSchema, ctx, listed))
    await store.putProof({ ...proof.entry, vault: vault.location.name })
  for (const pin of await entriesOf(vault, "pin", app, pinSchema, ctx, listed)) await store.putPin(pin.entry)
  for (const kept of await entriesOf(vault, "kept", app, keptSchema, ctx, listed)) await store.putKept(kept.entry)
  await restoreReleaseMarks(vault, store, app, ctx, listed)
}

/** One run of a copy into this vault, as it was announced before the manifests came. */
export type CopyEntry = z.infer<typeof copySchema> & { readonly at: Date }

/** What was announced of copies into this vault, oldest first. */
export async function readCopyEntries(
  vault: OpenVault,
  app: string,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<readonly CopyEntry[]> {
  return (await entriesOf(vault, "copy", app, copySchema, ctx, listed)).map(({ at, entry }) => ({ ...entry, at }))
}

/** The last word of the vault's ledger on each pin, by point. */
export async function readPins(
  vault: OpenVault,
  app: string,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<ReadonlyMap<string, boolean>> {
  const pins = await entriesOf(vault, "pin", app, pinSchema, ctx, listed)
  return new Map(pins.map(({ entry }) => [entry.point, entry.pinned]))
}

/** Every expiry decision that the ledger holds. */
export async function readExpired(
  vault: OpenVault,
  app: string,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<readonly ExpiredLink[]> {
  const entries = await entriesOf(vault, "expiry", app, expirySchema, ctx, listed)
  return entries.flatMap(({ at, entry }) => entry.expired.map((link) => ({ ...link, at })))
}

async function entriesOf<T>(
  vault: OpenVault,
  kind: LedgerKind,
  app: string,
  schema: z.ZodType<T>,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<readonly { at: Date; entry: T }[]> {
  return (await readLedger(vault, kind, app, ctx, listed)).map(({ at, entry }) => {
    const parsed = schema.safeParse(entry)
    if (parsed.success) return { at, entry: parsed.data }
    throw new HoldfastError("VAULT_DAMAGED", {
      what: `an entry of the ledger (${kind}) of ${app} in vault ${vault.location.name} cannot be understood`,
      why: parsed.error.issues[0]?.message ?? "unknown",
    })
  })
}
