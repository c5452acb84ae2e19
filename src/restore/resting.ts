import type { Origin } from "./origin.ts"

/** Services with containers that did not run when the point was made: done with their work, or stopped on purpose. */
export function restingServices(origin: Origin): readonly string[] {
  const { services } = origin.point.manifest
  const running = new Set(services.filter((record) => record.running).map((record) => record.service))
  return services.map((record) => record.service).filter((service) => !running.has(service))
}
