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
  /** What only drop-in use says. */
  readonly dropIn?: DropIn
}

/** The part of the environment of chatalot-snapshot that has no place in the settings (C15 to C18). */
export interface DropIn {
  readonly snapshotDirectory: string
  /** How many points `prune` keeps. */
  readonly retainCount: number
  /** Points older than this are hidden where a rollback is offered; they are not deleted. */
  readonly rollbackWindowMs: number
  /** Version that goes into the ids of points; null when it is not told. */
  readonly version: string | null
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
