/**
 * How long a tag has been there for all to see. What an image says of its own time is not enough, for who pushes it can write any; so
 * each tag is remembered when it is first seen here, with the digest that it named: moved to another image, it is a new one.
 */
import { z } from "zod"
import type { Store } from "../../operation/ports.ts"

const seenSchema = z.record(z.string(), z.strictObject({ digest: z.string(), at: z.iso.datetime() }))

type Seen = z.infer<typeof seenSchema>

export interface OfferedTag {
  readonly tag: string
  readonly digest: string
  /** As the image says; null where it does not. */
  readonly created: Date | null
}

/**
 * Since when the tag counts as there: the later of the time that the image bears and the time that it was first seen here. A store that
 * was lost has seen nothing, so that waiting begins again.
 */
export async function thereSince(
  store: Pick<Store, "value" | "setValue">,
  place: { readonly app: string; readonly repository: string },
  offered: OfferedTag,
  now: Date,
): Promise<Date> {
  const { tag, digest, created } = offered
  const name = `tags-seen:${place.app}:${place.repository}`
  const seen = readSeen(await store.value(name))
  const known = seen[tag]
  const first = known?.digest === digest ? new Date(known.at) : now
  if (known?.digest !== digest) await store.setValue(name, JSON.stringify({ ...seen, [tag]: { digest, at: now.toISOString() } }))
  return created !== null && created > first ? created : first
}

function readSeen(text: string | null): Seen {
  return text === null ? {} : seenSchema.parse(JSON.parse(text))
}
