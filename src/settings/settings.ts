/** The settings of Holdfast: `holdfast.yaml`, parsed once, every key documented where it is declared (design §4). */
import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { Environment } from "./find.ts"
import { parseSettings } from "./parse.ts"
import type { SettingsData } from "./schema.ts"

export interface Settings extends SettingsData {
  /** Absolute; null in drop-in mode, where the environment alone says everything. */
  readonly file: string | null
  /** What relative paths are relative to. */
  readonly directory: string
  /** For `env:NAME`. */
  readonly environment: Environment
}

/**
 * Reads and parses a settings file.
 * @throws SETTINGS_MISSING, SETTINGS_UNREADABLE, SETTINGS_INVALID (all problems, each with its place)
 */
export function loadSettings(path: string, environment: Environment): Settings {
  const file = resolve(path)
  return { ...parseSettings(readSettings(file), file), file, directory: dirname(file), environment }
}

function readSettings(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT"
    if (missing) throw new HoldfastError("SETTINGS_MISSING", { what: `there is no settings file ${file}`, cause })
    throw new HoldfastError("SETTINGS_UNREADABLE", { what: `cannot read ${file}`, why: messageOf(cause), cause })
  }
}
