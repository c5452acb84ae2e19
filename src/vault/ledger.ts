/** Small entries sealed in the vault beside the points, so that losing the store loses nothing that matters (design §4). */
import { z } from "zod"
import { canonicalJson, type Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { inParallel } from "./in-parallel.ts"
import type { StoredItem } from "./ports.ts"
import type { OpenVault } from "./vault.ts"

export const ledgerKinds = ["proof", "pin", "kept", "expiry", "copy", "release"] as const

export type LedgerKind = (typeof ledgerKinds)[number]

export interface LedgerEntry {
  readonly kind: LedgerKind
  readonly app: string
  readonly at: Date
  /** Plain data; dates become ISO text. Never a secret. */
  readonly entry: Readonly<Record<string, unknown>>
}

/** An entry as it was read back: its content is for its owner to validate. */
export interface ReadLedgerEntry {
  readonly at: Date
  readonly entry: Json
}

const FILE_NAME = "entry.json"
/** After so many single entries they are also stored together: reading a ledger of years is then a few reads. */
const ENTRIES_PER_GATHERING = 40

const entrySchema = z.strictObject({
  format: z.literal("holdfast.ledger"),
  version: z.literal(1),
  kind: z.enum(ledgerKinds),
  app: z.string(),
  entries: z.array(z.strictObject({ at: z.iso.datetime(), entry: z.json() })),
  /** Tree ids of the items whose entries are gathered here; empty for a single entry. */
  gathers: z.array(z.string()),
})

type LedgerDocument = z.infer<typeof entrySchema>

/** Adds an entry; it is in the vault when this resolves. Nothing in a ledger is ever changed or removed. */
export async function appendLedger(vault: OpenVault, entry: LedgerEntry, ctx: RunContext): Promise<void> {
  const content = z.json().parse(JSON.parse(JSON.stringify(entry.entry)))
  await store(vault, entry.kind, entry.app, { entries: [{ at: entry.at.toISOString(), entry: content }], gathers: [] }, ctx)
  const listed = await listApp(vault, entry.app, ctx)
  if (itemsOf(listed, entry.kind).single.length % ENTRIES_PER_GATHERING === 0) await gather(vault, entry.kind, entry.app, listed, ctx)
}

/**
 * All entries of one kind, oldest first. Throws VAULT_DAMAGED when one cannot be read or is not what was written.
 * @param listed all items of the app, from one who has just listed them
 */
export async function readLedger(
  vault: OpenVault,
  kind: LedgerKind,
  app: string,
  ctx: RunContext,
  listed?: readonly StoredItem[],
): Promise<readonly ReadLedgerEntry[]> {
  const { entries } = await readAll(vault, kind, app, listed ?? (await listApp(vault, app, ctx)), ctx)
  return entries.map(({ at, entry }) => ({ at: new Date(at), entry })).toSorted((left, right) => left.at.getTime() - right.at.getTime())
}

async function readAll(
  vault: OpenVault,
  kind: LedgerKind,
  app: string,
  listed: readonly StoredItem[],
  ctx: RunContext,
): Promise<Pick<LedgerDocument, "entries" | "gathers">> {
  const { single, gatherings } = itemsOf(listed, kind)
  const newest = gatherings.at(-1)
  const gathered = newest === undefined ? { entries: [], gathers: [] } : await read(vault, kind, app, newest, ctx)
  const covered = new Set(gathered.gathers)
  const rest = single.filter((item) => !covered.has(item.treeId))
  const documents = await inParallel(rest, async (item) => await read(vault, kind, app, item, ctx))
  return {
    entries: [...gathered.entries, ...documents.flatMap((document) => document.entries)],
    gathers: [...covered, ...rest.map((item) => item.treeId)],
  }
}

async function gather(vault: OpenVault, kind: LedgerKind, app: string, listed: readonly StoredItem[], ctx: RunContext): Promise<void> {
  await store(vault, kind, app, await readAll(vault, kind, app, listed, ctx), ctx)
}

async function listApp(vault: OpenVault, app: string, ctx: RunContext): Promise<readonly StoredItem[]> {
  return await vault.backend.list(vault.location, { app }, ctx)
}

function itemsOf(listed: readonly StoredItem[], kind: LedgerKind): { single: readonly StoredItem[]; gatherings: readonly StoredItem[] } {
  const items = listed.filter((item) => item.tags.point === null)
  const ofPart = (part: string): readonly StoredItem[] => items.filter((item) => item.tags.part === part)
  return { single: ofPart(`ledger:${kind}`), gatherings: ofPart(`ledger:${kind}:gathered`) }
}

async function store(
  vault: OpenVault,
  kind: LedgerKind,
  app: string,
  content: Pick<LedgerDocument, "entries" | "gathers">,
  ctx: RunContext,
): Promise<void> {
  const part = content.gathers.length === 0 ? `ledger:${kind}` : `ledger:${kind}:gathered`
  const document: LedgerDocument = { format: "holdfast.ledger", version: 1, kind, app, ...content }
  await vault.backend.storeDocument(vault.location, { app, point: null, part }, FILE_NAME, canonicalJson(document), ctx)
}

async function read(vault: OpenVault, kind: LedgerKind, app: string, item: StoredItem, ctx: RunContext): Promise<LedgerDocument> {
  const text = await vault.backend.readDocument(vault.location, item, FILE_NAME, ctx)
  const parsed = entrySchema.safeParse(parseText(text))
  if (parsed.success && parsed.data.kind === kind && parsed.data.app === app) return parsed.data
  throw new HoldfastError("VAULT_DAMAGED", {
    what: `an entry of the ledger (${kind}) of ${app} in vault ${vault.location.name} was altered`,
  })
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
