/** Services that have to have done their work before others may start: migrations that a project runs as a service of their own. Pure. */
import { z } from "zod"

const dependency = z.looseObject({ condition: z.string().optional() })
const documentSchema = z.looseObject({
  services: z.record(z.string(), z.looseObject({ depends_on: z.record(z.string(), dependency).nullish() })).default({}),
})

/**
 * Services of the update that others of it wait for until they have ended well, each after those that it waits for itself.
 * @param document the resolved compose document
 * @param services those that the update makes anew
 */
export function jobsOf(document: Readonly<Record<string, unknown>>, services: readonly string[]): readonly string[] {
  const { services: all } = documentSchema.parse(document)
  const jobs: string[] = []
  const visit = (service: string, above: readonly string[]): void => {
    for (const [name, { condition }] of Object.entries(all[service]?.depends_on ?? {})) {
      if (condition !== "service_completed_successfully" || !services.includes(name) || above.includes(name)) continue
      visit(name, [...above, name])
      if (!jobs.includes(name)) jobs.push(name)
    }
  }
  for (const service of services.toSorted()) visit(service, [service])
  return jobs
}
