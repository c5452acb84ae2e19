import { z } from "zod"
import type { Store } from "../../operation/ports.ts"
import type { VaultCheck } from "../../posture/alarm-facts.ts"
import { NOTHING_TOLD, tellingSchema, type Telling } from "../../posture/telling.ts"

const instant = z.iso.datetime().transform((text) => new Date(text))
const seenSchema = z.record(z.string(), instant)
const checkSchema = z.object({
  at: instant,
  openedAt: instant.nullable(),
  failingSince: instant.nullable(),
  errorCode: z.string().nullable(),
  message: z.string().nullable(),
  chainAt: instant.nullable(),
})

/** Since when apps and copies are there, by name. */
export type Seen = z.output<typeof seenSchema>

export interface RememberedCheck extends VaultCheck {
  /** When the points in the vault were last held against those that are known here. */
  readonly chainAt: Date | null
}

export async function readSeen(store: Store): Promise<Seen> {
  return read(seenSchema, await store.value("alarms-seen")) ?? {}
}

export async function writeSeen(store: Store, seen: Seen): Promise<void> {
  await store.setValue("alarms-seen", JSON.stringify(seen))
}

export async function readVaultCheck(store: Store, vault: string): Promise<RememberedCheck | null> {
  return read(checkSchema, await store.value(`vault-check:${vault}`))
}

export async function writeVaultCheck(store: Store, vault: string, check: RememberedCheck): Promise<void> {
  await store.setValue(`vault-check:${vault}`, JSON.stringify(check))
}

/** What the receiver with this id was told. */
export async function readTelling(store: Store, receiver: string): Promise<Telling> {
  return read(tellingSchema, await store.value(`telling:${receiver}`)) ?? NOTHING_TOLD
}

export async function writeTelling(store: Store, receiver: string, telling: Telling): Promise<void> {
  await store.setValue(`telling:${receiver}`, JSON.stringify(telling))
}

/** What cannot be read (of another version) is as if it had never been written: telling twice is better than never. */
function read<Schema extends z.ZodType>(schema: Schema, text: string | null): z.output<Schema> | null {
  if (text === null) return null
  const parsed = schema.safeParse(jsonOrNull(text))
  return parsed.success ? parsed.data : null
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
