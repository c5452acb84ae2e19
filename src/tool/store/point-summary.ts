import { z } from "zod"
import type { Json } from "../../base/canonical-json.ts"
import type { PointSummary } from "../../operation/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import { parseJson } from "./text.ts"

type Summary = Omit<PointSummary, "app" | "vault" | "id" | "sequence" | "digest" | "startedAt">

/** The members of a manifest that a listing shows. Read leniently: an index row must not depend on the manifest's version. */
const manifestSchema = z.object({
  label: z.string().nullable().catch(null),
  trigger: z.string().catch("unknown"),
  cold: z.boolean().catch(false),
  appVersion: z.string().nullable().catch(null),
  parts: z
    .array(
      z.object({
        part: z.string().catch("unknown"),
        sizeBytes: z.number().catch(0),
        storedBytes: z.number().catch(0),
        facts: z
          .object({ rows: z.record(z.string(), z.number()) })
          .nullable()
          .catch(null),
      }),
    )
    .catch([]),
  acceptedCollapse: z.boolean().catch(false),
  warnings: z.array(z.unknown()).catch([]),
  unnamed: z.array(z.object({ name: z.string(), what: z.string() })).catch([]),
})

export function summaryOf(manifest: Json): Summary {
  const read = manifestSchema.safeParse(manifest)
  const { parts, warnings, ...rest } = read.success ? read.data : manifestSchema.parse({})
  return {
    ...rest,
    parts: parts.map((part) => part.part),
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    storedBytes: parts.reduce((sum, part) => sum + part.storedBytes, 0),
    warnings: warnings.length,
    rows: rowsOf(parts.flatMap((part) => (part.facts === null ? [] : [part.facts.rows]))),
  }
}

function rowsOf(databases: readonly Readonly<Record<string, number>>[]): number | null {
  if (databases.length === 0) return null
  return databases.flatMap((tables) => Object.values(tables)).reduce((sum, rows) => sum + rows, 0)
}

/** Read by hand: a listing reads thousands of rows that this file wrote, and has a fraction of a second (design §14). */
export function parseSummary(text: string): Summary {
  const value = parseJson(text)
  if (value === null || typeof value !== "object" || !("trigger" in value)) throw unreadable(text)
  const { label, trigger, cold, appVersion, parts, sizeBytes, storedBytes, warnings } = value
  const { rows, acceptedCollapse, unnamed }: { rows?: unknown; acceptedCollapse?: unknown; unnamed?: unknown } = value
  return {
    label: typeof label === "string" ? label : null,
    trigger: typeof trigger === "string" ? trigger : "unknown",
    cold: cold === true,
    appVersion: typeof appVersion === "string" ? appVersion : null,
    parts: Array.isArray(parts) ? parts.filter((part) => typeof part === "string") : [],
    sizeBytes: typeof sizeBytes === "number" ? sizeBytes : 0,
    storedBytes: typeof storedBytes === "number" ? storedBytes : 0,
    warnings: typeof warnings === "number" ? warnings : 0,
    rows: typeof rows === "number" ? rows : null,
    acceptedCollapse: acceptedCollapse === true,
    unnamed: Array.isArray(unnamed) ? unnamed.filter(isUnnamed) : [],
  }
}

function isUnnamed(one: unknown): one is Summary["unnamed"][number] {
  return (
    one !== null &&
    typeof one === "object" &&
    "name" in one &&
    "what" in one &&
    typeof one.name === "string" &&
    typeof one.what === "string"
  )
}

function unreadable(text: string): HoldfastError {
  return new HoldfastError("STORE_UNREADABLE", { what: "the store holds a summary of a point that is not valid", why: text.slice(0, 200) })
}
