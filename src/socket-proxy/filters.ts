import { z } from "zod"
import { readStrictJson } from "../release/strict-json.ts"
import { canonicalJson } from "../base/canonical-json.ts"
import { Refusal } from "./refusal.ts"

const KEYS = [
  "ancestor",
  "before",
  "dangling",
  "driver",
  "exited",
  "expose",
  "health",
  "id",
  "label",
  "name",
  "network",
  "publish",
  "reference",
  "scope",
  "since",
  "status",
  "type",
  "volume",
] as const
const value = z.string().max(1024)
const filtersSchema = z.partialRecord(z.enum(KEYS), z.union([z.array(value), z.record(value, z.literal(true))]))

/**
 * Filters of a list, written anew. They only narrow what the proxy would show anyway. Throws a Refusal.
 * @param text the parameter `filters`, undefined when it is not there
 */
export function rebuildFilters(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {}
  const read = readStrictJson(Buffer.from(text))
  const parsed = read.ok ? filtersSchema.safeParse(read.value) : null
  if (parsed === null || !parsed.success) throw new Refusal("the filters are not understood", 400)
  const entries = Object.entries(parsed.data).map(([key, values]) => {
    const wanted = Array.isArray(values) ? values : Object.keys(values)
    return [key, Object.fromEntries(wanted.map((each) => [each, true]))] as const
  })
  return { filters: canonicalJson(Object.fromEntries(entries)) }
}
