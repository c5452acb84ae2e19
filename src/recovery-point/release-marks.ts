import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Store } from "../operation/ports.ts"
import { appendLedger, readLedger } from "../vault/ledger.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"

/** The newest release of a channel that was ever trusted: nothing older is installed again, whatever becomes of the store (F117). */
export interface ReleaseMark {
  readonly product: string
  readonly channel: string
  readonly sequence: number
  readonly version: string
  /** `sha256:…` of the manifest's bytes. */
  readonly digest: string
}

const sha = z.string().regex(/^sha256:[0-9a-f]{64}$/)

const markSchema = z.strictObject({
  product: z.string(),
  channel: z.string(),
  sequence: z.number().int().positive(),
  version: z.string(),
  digest: sha,
})

const entrySchema = z.discriminatedUnion("what", [
  markSchema.extend({ what: z.literal("seen") }),
  /** The vendor's key that is pinned from here on; the operator confirmed it. */
  z.strictObject({ what: z.literal("key"), product: z.string(), fingerprint: sha, replaces: sha.nullable() }),
])

type ReleaseEntry = z.infer<typeof entrySchema>

/**
 * Seals that a release was seen in the ledgers of the app's vaults, then keeps it in the store; nothing when something newer is known. A
 * vault that could not be reached before gets it now.
 */
export async function recordReleaseSeen(
  vaults: readonly OpenVault[],
  store: Store,
  app: string,
  mark: ReleaseMark,
  ctx: RunContext,
): Promise<void> {
  const known = await markIn(store, app, mark.product, mark.channel)
  if (known !== null && known.sequence > mark.sequence) return
  for (const vault of vaults) {
    if (Number((await store.value(sealedMarkName(vault, app, mark))) ?? 0) >= mark.sequence) continue
    await append(vault, app, { what: "seen", ...mark }, ctx)
    await store.setValue(sealedMarkName(vault, app, mark), String(mark.sequence))
  }
  if (known?.sequence !== mark.sequence) await keepMark(store, app, mark)
}

/** The same for the vendor's key that the operator pinned or confirmed; `replaces` is the one that was pinned until then. */
export async function recordReleaseKey(
  vaults: readonly OpenVault[],
  store: Store,
  app: string,
  key: { readonly product: string; readonly fingerprint: string; readonly replaces: string | null },
  ctx: RunContext,
): Promise<void> {
  const { product, fingerprint } = key
  for (const vault of vaults) {
    const sealed = await store.value(sealedKeyName(vault, app, product))
    if (sealed === fingerprint) continue
    // A vault that missed a key is led on from the last one that it knows, or it would stay with that.
    await append(
      vault,
      app,
      { what: "key", product, fingerprint, replaces: sealed ?? (key.replaces === fingerprint ? null : key.replaces) },
      ctx,
    )
    await store.setValue(sealedKeyName(vault, app, product), fingerprint)
  }
  await store.setValue(keyName(app, product), fingerprint)
}

/** The highest mark that the store and these vaults know: an older store that was put back lowers nothing. Throws what reading a ledger throws. */
export async function highestReleaseSeen(
  vaults: readonly OpenVault[],
  store: Store,
  app: string,
  of: { readonly product: string; readonly channel: string },
  ctx: RunContext,
): Promise<ReleaseMark | null> {
  for (const vault of vaults) await restoreReleaseMarks(vault, store, app, ctx)
  return await markIn(store, app, of.product, of.channel)
}

/** The fingerprint of the vendor's key as the operator last pinned it here; null when never. */
export async function pinnedReleaseKey(store: Pick<Store, "value">, app: string, product: string): Promise<string | null> {
  return await store.value(keyName(app, product))
}

/** Brings the store up to what the vault's ledger holds on releases. A mark is only ever raised. */
export async function restoreReleaseMarks(
  vault: OpenVault,
  store: Store,
  app: string,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<void> {
  for (const entry of await readEntries(vault, app, ctx, listed)) {
    if (entry.what === "key") {
      await store.setValue(sealedKeyName(vault, app, entry.product), entry.fingerprint)
      await followKey(store, app, entry)
    } else {
      const { what: _what, ...mark } = entry
      await store.setValue(sealedMarkName(vault, app, mark), String(mark.sequence))
      const known = await markIn(store, app, mark.product, mark.channel)
      if (known === null || known.sequence < mark.sequence) await keepMark(store, app, mark)
    }
  }
}

/** From key to key: a vault that has not heard of the newest one brings no earlier one back. Where none is known, each is the first. */
async function followKey(store: Store, app: string, { product, fingerprint, replaces }: ReleaseEntry & { what: "key" }): Promise<void> {
  const present = await store.value(keyName(app, product))
  if (present === null || present === replaces) await store.setValue(keyName(app, product), fingerprint)
}

async function readEntries(
  vault: OpenVault,
  app: string,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<readonly ReleaseEntry[]> {
  return (await readLedger(vault, "release", app, ctx, listed)).map(({ entry }) => {
    const parsed = entrySchema.safeParse(entry)
    if (parsed.success) return parsed.data
    throw new HoldfastError("VAULT_DAMAGED", {
      what: `an entry of the ledger (release) of ${app} in vault ${vault.location.name} cannot be understood`,
      why: parsed.error.issues[0]?.message ?? "unknown",
    })
  })
}

async function append(vault: OpenVault, app: string, entry: ReleaseEntry, ctx: RunContext): Promise<void> {
  await appendLedger(vault, { kind: "release", app, at: ctx.clock.now(), entry: { ...entry } }, ctx)
}

async function markIn(store: Store, app: string, product: string, channel: string): Promise<ReleaseMark | null> {
  const text = await store.value(markName(app, product, channel))
  return text === null ? null : markSchema.parse(JSON.parse(text))
}

async function keepMark(store: Store, app: string, mark: ReleaseMark): Promise<void> {
  await store.setValue(markName(app, mark.product, mark.channel), JSON.stringify(mark))
}

function markName(app: string, product: string, channel: string): string {
  return `release-seen:${app}:${product}:${channel}`
}

function keyName(app: string, product: string): string {
  return `release-key:${app}:${product}`
}

/** What a vault's own ledger is known to hold, so that each gets what it misses. */
function sealedMarkName({ vaultId }: OpenVault, app: string, { product, channel }: Pick<ReleaseMark, "product" | "channel">): string {
  return `release-seen-in:${vaultId}:${app}:${product}:${channel}`
}

function sealedKeyName({ vaultId }: OpenVault, app: string, product: string): string {
  return `release-key-in:${vaultId}:${app}:${product}`
}
