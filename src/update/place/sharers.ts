/** Services that live in another's network or processes: they have to be made anew with it, for what they lived in is gone with its container. Pure. */
import { z } from "zod"

const serviceSchema = z.looseObject({
  network_mode: z.string().nullish(),
  ipc: z.string().nullish(),
  pid: z.string().nullish(),
  volumes_from: z.array(z.string()).nullish(),
})
const documentSchema = z.looseObject({ services: z.record(z.string(), serviceSchema).default({}) })

/**
 * Those of `running` that share something of `services`, or of one that does, without these themselves; sorted.
 * @param document the resolved compose document
 */
export function sharersOf(
  document: Readonly<Record<string, unknown>>,
  services: readonly string[],
  running: readonly string[],
): readonly string[] {
  const { services: all } = documentSchema.parse(document)
  const found = new Set(services)
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const name of running) if (sharedBy(all[name]).some((other) => found.has(other))) found.add(name)
  }
  return [...found].filter((name) => !services.includes(name)).toSorted()
}

function sharedBy(service: z.infer<typeof serviceSchema> | undefined): readonly string[] {
  const modes = [service?.network_mode, service?.ipc, service?.pid].flatMap((mode) =>
    mode?.startsWith("service:") === true ? [mode.slice("service:".length)] : [],
  )
  return [...modes, ...(service?.volumes_from ?? []).map((one) => one.split(":")[0] ?? "")]
}
