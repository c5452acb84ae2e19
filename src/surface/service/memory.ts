import { z } from "zod"
import type { SlotRecord, Store } from "../../operation/ports.ts"
import { seenSince, signatureOf, type Entry, type EntryMemory } from "../../schedule/due.ts"

const seenSchema = z.object({ signature: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) })

/** Since when each entry has been as it is now, and which of its slots was handled last. Writes down what is seen for the first time. */
export async function rememberEntry(
  store: Pick<Store, "value" | "setValue" | "slots">,
  entry: Entry,
  now: Date,
): Promise<EntryMemory & { readonly newest: SlotRecord | null }> {
  const known = await seenBefore(store, entry)
  const seenAt = seenSince(entry, known, now)
  const signature = signatureOf(entry)
  if (known?.signature !== signature || known.at.getTime() !== seenAt.getTime())
    await store.setValue(seenName(entry), JSON.stringify({ signature, at: seenAt.toISOString() }))
  const [newest] = await store.slots({ app: entry.app, schedule: entry.schedule, until: now, limit: 1 })
  return { seenAt, newestHandled: newest?.slot ?? null, newest: newest ?? null }
}

/** Since when an entry has been as it is now; null when no scheduler has seen it as it is. */
export async function seenAtOf(store: Pick<Store, "value">, entry: Entry): Promise<Date | null> {
  const known = await seenBefore(store, entry)
  return known?.signature === signatureOf(entry) ? known.at : null
}

async function seenBefore(store: Pick<Store, "value">, entry: Entry): Promise<z.infer<typeof seenSchema> | null> {
  const value = await store.value(seenName(entry))
  return value === null ? null : seenSchema.parse(JSON.parse(value))
}

function seenName({ app, schedule }: Entry): string {
  return `seen:${app}:${schedule}`
}
