import { z } from "zod"

/** The few members of a sealed manifest that the page shows; a manifest of another version may lack any of them. */
const shown = z.object({
  startedAt: z.string().nullish().catch(null),
  label: z.string().nullish().catch(null),
  cold: z.boolean().nullish().catch(null),
  appVersion: z
    .union([z.string(), z.object({ version: z.string() }).transform((one) => one.version)])
    .nullish()
    .catch(null),
  warnings: z.array(z.string()).nullish().catch([]),
})

export interface SealedFacts {
  readonly startedAt: string | null
  readonly label: string | null
  readonly cold: boolean | null
  readonly appVersion: string | null
  readonly warnings: readonly string[]
}

export function sealedFacts(manifest: unknown): SealedFacts {
  const read = shown.safeParse(manifest)
  const { startedAt, label, cold, appVersion, warnings } = read.success ? read.data : {}
  return {
    startedAt: startedAt ?? null,
    label: label ?? null,
    cold: cold ?? null,
    appVersion: appVersion ?? null,
    warnings: warnings ?? [],
  }
}
