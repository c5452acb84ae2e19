import type { RunContext } from "../base/run-context.ts"
import type { PinRecord, Store } from "../operation/ports.ts"
import { appendLedger } from "../vault/ledger.ts"
import type { OpenVault } from "../vault/vault.ts"
import { readPins } from "./ledger-entries.ts"

/**
 * A pin belongs to the app and is written into one vault: here its last word goes into the ledger of a vault that holds the point too,
 * so that a rebuild from that vault alone knows it. Returns the points whose word was new.
 */
export async function carryPins(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<readonly string[]> {
  const news = await newWords(vault, store, app, ctx)
  for (const pin of news) await appendLedger(vault, { kind: "pin", app, at: pin.at, entry: { ...pin } }, ctx)
  return news.map((pin) => pin.point)
}

/** Points that the vault holds, and whose pin, or its end, its ledger does not say yet. */
export async function pinsToCarry(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<readonly string[]> {
  return (await newWords(vault, store, app, ctx)).map((pin) => pin.point)
}

async function newWords(vault: OpenVault, store: Store, app: string, ctx: RunContext): Promise<readonly PinRecord[]> {
  const words = await lastWords(store, app)
  if (words.length === 0) return []
  const present = new Set((await store.points(app, vault.location.name)).map((point) => point.id))
  const there = await readPins(vault, app, ctx)
  return words.filter((pin) => present.has(pin.point) && (there.get(pin.point) ?? false) !== pin.pinned)
}

async function lastWords(store: Store, app: string): Promise<readonly PinRecord[]> {
  const inOrder = (await store.pins(app)).toSorted((left, right) => left.at.getTime() - right.at.getTime())
  return [...new Map(inOrder.map((pin) => [pin.point, pin])).values()]
}
