import { HoldfastError } from "../base/errors.ts"

/** The names that other proxies of this kind use. Each takes something away; none gives anything. */
export const SWITCH_NAMES = ["CONTAINERS", "IMAGES", "NETWORKS", "VOLUMES", "EXEC", "SYSTEM", "BUILD", "POST"] as const

export type SwitchName = (typeof SWITCH_NAMES)[number]

/** True where nothing was taken away. */
export type Switches = Readonly<Record<SwitchName, boolean>>

/**
 * Reads `CONTAINERS=0` and the like. What is not set, or empty, takes nothing away.
 * @throws USAGE for a value that is neither 0 nor 1: a typing error must not open anything
 */
export function readSwitches(environment: Readonly<Record<string, string | undefined>>): Switches {
  const read = (name: SwitchName): boolean => isOn(name, environment[name] ?? "")
  return {
    CONTAINERS: read("CONTAINERS"),
    IMAGES: read("IMAGES"),
    NETWORKS: read("NETWORKS"),
    VOLUMES: read("VOLUMES"),
    EXEC: read("EXEC"),
    SYSTEM: read("SYSTEM"),
    BUILD: read("BUILD"),
    POST: read("POST"),
  }
}

function isOn(name: SwitchName, value: string): boolean {
  if (value === "" || value === "1") return true
  if (value === "0") return false
  throw new HoldfastError("USAGE", { what: `the switch ${name} is ${JSON.stringify(value)}`, why: "it is 0 or 1" })
}
