import { HoldfastError, isHoldfastError, messageOf } from "../../base/errors.ts"
import { syncListed } from "../../recovery-point/sync.ts"
import type { Settings } from "../../settings/settings.ts"
import { vaultLocation } from "../../settings/vault-location.ts"
import { keyCheck, keyProvenAt } from "../../vault/key-check.ts"
import { openVault, pinName, type OpenVault } from "../../vault/vault.ts"
import type { House } from "../house/house.ts"
import { SELF } from "../house/self-app.ts"
import { lookingContext } from "../house/subject.ts"
import { readVaultCheck, writeVaultCheck, type RememberedCheck } from "./alarm-memory.ts"

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const EVERY_MS = 15 * MINUTE_MS
const WHILE_FAILING_EVERY_MS = 5 * MINUTE_MS

/**
 * Asks each vault that is in use whether it answers, is the one that was pinned, opens with its key (daily), and still holds the points
 * that are known here (daily); remembers what came of it. A vault that was asked a moment ago is left alone.
 */
export async function checkVaults(house: House, settings: Settings): Promise<void> {
  await Promise.all(Object.keys(settings.vaults).map(async (name) => await checkVault(house, settings, name)))
}

async function checkVault(house: House, settings: Settings, name: string): Promise<void> {
  const store = await house.use.store()
  const now = house.clock.now()
  const last = await readVaultCheck(store, name)
  if ((await store.value(pinName({ name }))) === null || !isDue(last, now)) return
  try {
    const chainDue = last?.chainAt == null || isOlder(last.chainAt, DAY_MS, now)
    await ask(house, settings, name, chainDue)
    const openedAt = await keyProvenAt(store, name)
    const chainAt = chainDue ? now : (last?.chainAt ?? null)
    await writeVaultCheck(store, name, { at: now, openedAt, failingSince: null, errorCode: null, message: null, chainAt })
  } catch (thrown) {
    house.signal.throwIfAborted()
    if (!isHoldfastError(thrown)) throw thrown
    await writeVaultCheck(store, name, {
      at: now,
      openedAt: await keyProvenAt(store, name),
      failingSince: last?.failingSince ?? now,
      errorCode: thrown.code,
      message: `${messageOf(thrown)}${thrown.why === undefined ? "" : ` (${thrown.why})`}`,
      // What was seen of the chain stays in force until the chain is looked at again.
      chainAt: thrown.code === "CHAIN_BROKEN" ? null : (last?.chainAt ?? null),
    })
  }
}

function isDue(last: RememberedCheck | null, now: Date): boolean {
  return last === null || isOlder(last.at, last.errorCode === null ? EVERY_MS : WHILE_FAILING_EVERY_MS, now)
}

/** An instant that has not come was written by a clock that ran ahead. */
function isOlder(at: Date, ms: number, now: Date): boolean {
  return at > now || now.getTime() - at.getTime() >= ms
}

async function ask(house: House, settings: Settings, name: string, chainDue: boolean): Promise<void> {
  const [store, backend] = await Promise.all([house.use.store(), house.use.backend()])
  const location = vaultLocation(settings, name, { stateDirectory: house.stateDirectory })
  const ctx = lookingContext(house)
  const vault = await openVault({ backend, store }, location, { create: false }, ctx)
  const proven = await keyProvenAt(store, name)
  if (proven === null || isOlder(proven, DAY_MS, house.clock.now())) await keyCheck({ backend, store }, location, ctx)
  if (!chainDue) return
  for (const app of [...Object.keys(settings.apps), SELF]) await refuseMissingPoints(house, vault, app)
}

/** Points that are known here, are not in the vault, and were not expired by anybody: somebody put an older state of the vault back. */
async function refuseMissingPoints(house: House, vault: OpenVault, app: string): Promise<void> {
  const store = await house.use.store()
  const { name } = vault.location
  const ctx = lookingContext(house)
  const before = await store.pointSummaries(app, name)
  if (before.length === 0) return
  const items = await vault.backend.list(vault.location, { app }, ctx)
  const sealed = new Set(items.filter(({ tags }) => tags.part === "manifest").map(({ tags }) => tags.point))
  await syncListed(vault, store, app, items, ctx)
  const still = new Set((await store.pointSummaries(app, name)).map(({ id }) => id))
  const missing = before.map(({ id }) => id).filter((id) => still.has(id) && !sealed.has(id))
  if (missing.length === 0) return
  throw new HoldfastError("CHAIN_BROKEN", {
    what: `${name} no longer holds ${missing.length} of the points of ${app} that are known here, and Holdfast did not expire them`,
    why: missing.slice(0, 5).join(", "),
  })
}
