import { z } from "zod"
import type { UpdateEntry } from "../../contract/output-update.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Store } from "../../operation/ports.ts"
import type { FoundReleases } from "../../release/installable.ts"
import { updateHistory } from "./update-history.ts"

const instant = z.iso.datetime()
const memorySchema = z.object({
  running: z.string().nullable(),
  /** When releases were last seen; null: never. */
  lookedAt: instant.nullable(),
  /** Why the last search failed. */
  problem: z.string().nullable(),
  notices: z.array(z.string()),
  releases: z.array(
    z.object({ version: z.string(), foundIn: z.enum(["manifest", "registry", "git", "directories", "given"]), notes: z.string() }),
  ),
})

/** What is known of an app's updates without asking anybody. */
export type KnownUpdates = z.infer<typeof memorySchema>

const NOTHING_KNOWN: KnownUpdates = { running: null, lookedAt: null, problem: null, notices: [], releases: [] }
/** Notes of a vendor are shown, not archived. */
const NOTES_KEPT = 20_000
const HISTORY_READ = 20

/** Keeps what a search came to, so that pages, alarms and the app's own page need not ask the network. */
export async function rememberFound(store: Store, app: string, found: FoundReleases): Promise<void> {
  await write(store, app, {
    running: found.running,
    lookedAt: found.lookedAt.toISOString(),
    problem: null,
    notices: [...found.notices],
    releases: found.hops.map(({ version, foundIn, notes }) => ({ version, foundIn, notes: notes.slice(0, NOTES_KEPT) })),
  })
}

/** A search that failed takes nothing away of what was seen before. */
export async function rememberProblem(store: Store, app: string, problem: string): Promise<void> {
  await write(store, app, { ...(await read(store, app)), problem })
}

/** What was found last, less what was installed since. */
export async function knownUpdates(store: Store, host: HostIdentity, app: string): Promise<KnownUpdates> {
  return sinceInstalled(await read(store, app), await updateHistory(store, host, app, HISTORY_READ))
}

/** @param history newest first */
export function sinceInstalled(known: KnownUpdates, history: readonly UpdateEntry[]): KnownUpdates {
  const { lookedAt } = known
  const last = history.find(
    ({ kind, outcome, finishedAt }) =>
      kind !== "rehearse" && (outcome === "applied" || outcome === "rolled back") && finishedAt !== null && finishedAt >= (lookedAt ?? ""),
  )
  if (last === undefined) return known
  // A rollback of an update from before the search: what lies between is found with the next one.
  const running = last.kind === "update" && last.outcome === "rolled back" ? last.from : last.to
  const installed = known.releases.findIndex(({ version }) => version === running)
  return { ...known, running: running ?? known.running, releases: known.releases.slice(installed + 1) }
}

async function read(store: Store, app: string): Promise<KnownUpdates> {
  const text = await store.value(keyOf(app))
  const parsed = memorySchema.safeParse(text === null ? null : JSON.parse(text))
  return parsed.success ? parsed.data : NOTHING_KNOWN
}

async function write(store: Store, app: string, known: KnownUpdates): Promise<void> {
  await store.setValue(keyOf(app), JSON.stringify(known))
}

function keyOf(app: string): string {
  return `updates-found:${app}`
}
