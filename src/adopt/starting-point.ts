import type { ManagedUpdates } from "../app/managed-updates.ts"
import { definedServices, type WrittenFile } from "./written.ts"

/**
 * Where an install stands: nothing of an updater is defined; both its services are, and were never started; or one of two, which nobody
 * meant. What the compose files define decides, not which version runs (C125, C126).
 */
export type StartingPoint = "not-defined" | "defined" | "half-defined"

export function startingPoint(files: readonly WrittenFile[], managed: Pick<ManagedUpdates, "updater" | "proxy">): StartingPoint {
  const defined = definedServices(files)
  const found = updaterServices(managed).filter((name) => defined.has(name)).length
  return found === 0 ? "not-defined" : found === 2 ? "defined" : "half-defined"
}

export function updaterServices({ updater, proxy }: Pick<ManagedUpdates, "updater" | "proxy">): readonly [string, string] {
  return [updater.service, proxy.service]
}
