import { existsSync } from "node:fs"
import { isAbsolute, join, resolve } from "node:path"
import { HoldfastError } from "../base/errors.ts"

export type Environment = Readonly<Record<string, string | undefined>>

export const SYSTEM_SETTINGS_FILE = "/etc/holdfast/holdfast.yaml"

/**
 * The settings file to use: `--config`, `HOLDFAST_CONFIG`, `./holdfast.yaml`, `/etc/holdfast/holdfast.yaml`; null when there is none.
 * @throws SETTINGS_MISSING when one is named and is not there: a typing error must not fall through to another file
 */
export function findSettingsFile(flag: string | null, environment: Environment, cwd: string): string | null {
  const named = flag ?? (environment["HOLDFAST_CONFIG"] === "" ? undefined : environment["HOLDFAST_CONFIG"])
  if (named !== undefined) {
    const file = isAbsolute(named) ? named : resolve(cwd, named)
    if (existsSync(file)) return file
    throw new HoldfastError("SETTINGS_MISSING", {
      what: `there is no settings file ${file}`,
      why: `it was named with ${flag === null ? "HOLDFAST_CONFIG" : "--config"}`,
    })
  }
  return [join(cwd, "holdfast.yaml"), SYSTEM_SETTINGS_FILE].find((file) => existsSync(file)) ?? null
}
