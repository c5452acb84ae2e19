import { z } from "zod"
import type { Json } from "../../base/canonical-json.ts"
import type { PointSummary } from "../../operation/ports.ts"
import { parseJson, readAs } from "./text.ts"

type Summary = Omit<PointSummary, "app" | "vault" | "id" | "sequence" | "digest" | "startedAt">

const summarySchema = z.object({
  label: z.string().nullable(),
  trigger: z.string(),
  cold: z.boolean(),
  appVersion: z.string().nullable(),
  parts: z.array(z.string()),
  sizeBytes: z.number(),
  storedBytes: z.number(),
  warnings: z.number(),
})

/** The members of a manifest that a listing shows. Read leniently: an index row must not depend on the manifest's version. */
const manifestSchema = z.object({
  label: z.string().nullable().catch(null),
  trigger: z.string().catch("unknown"),
  cold: z.boolean().catch(false),
  appVersion: z.string().nullable().catch(null),
  parts: z
    .array(z.object({ part: z.string().catch("unknown"), sizeBytes: z.number().catch(0), storedBytes: z.number().catch(0) }))
    .catch([]),
  warnings: z.array(z.unknown()).catch([]),
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
  }
}

export function parseSummary(text: string): Summary {
  return readAs(summarySchema, parseJson(text))
}
