/** Drop-in mode: without a settings file, `DATABASE_URL` and the names of chatalot-snapshot are enough (C14 to C18). */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { HoldfastError } from "../base/errors.ts"
import type { Environment } from "./find.ts"
import { parseSettings } from "./parse.ts"
import type { DropIn, Settings } from "./settings.ts"

/** Inside a container; elsewhere `secrets/db_password` of the present folder is taken. */
const CONTAINER_SECRET = "/run/secrets/db_password"

export const DEFAULT_SNAPSHOT_DIRECTORY = "/var/backups/chatalot"

/** Ours inside the snapshot directory, so that what chatalot-snapshot left there lies beside it untouched. */
export const VAULT_DIRECTORY = "holdfast-vault"

/**
 * The key lies in the snapshot directory as well: the dumps of chatalot-snapshot lay there in the clear, and in a container that
 * directory is often all that outlives the container.
 */
export const VAULT_KEY_FILE = "holdfast-vault.key"

export interface DropInSettings extends Settings {
  readonly dropIn: DropIn
}

/**
 * Settings of the one app `chatalot`, from the environment alone.
 * @returns null when `DATABASE_URL` is not set: then this mode is not meant
 * @throws SETTINGS_INVALID naming the variable that is wrong
 */
export function settingsFromEnvironment(environment: Environment, cwd = "/"): DropInSettings | null {
  const url = environment["DATABASE_URL"]
  if (url === undefined || url === "") return null
  const snapshotDirectory = valueOf(environment, "CHATALOT_SNAPSHOT_DIR") ?? DEFAULT_SNAPSHOT_DIRECTORY
  if (!snapshotDirectory.startsWith("/")) throw wrong("CHATALOT_SNAPSHOT_DIR", "is not an absolute path", DEFAULT_SNAPSHOT_DIRECTORY)
  const retainCount = wholeNumber(environment, "CHATALOT_SNAPSHOT_RETAIN_COUNT", 5, { least: 1, most: 10_000 })
  const hours = wholeNumber(environment, "CHATALOT_ROLLBACK_WINDOW_HOURS", 24, { least: 0, most: 168 })
  const data = {
    vaults: {
      local: {
        path: join(snapshotDirectory, VAULT_DIRECTORY),
        keyFile: join(snapshotDirectory, VAULT_KEY_FILE),
        keep: { last: retainCount },
      },
    },
    apps: {
      chatalot: {
        databases: { main: { postgres: { url: "env:DATABASE_URL", ...passwordSource(environment, url) } } },
        secrets: [],
      },
    },
  }
  // JSON is YAML: the same door checks these values as checks a file's.
  const parsed = parseSettings(JSON.stringify(data), "the environment")
  const version = valueOf(environment, "CHATALOT_VERSION")
  return {
    ...parsed,
    file: null,
    directory: cwd,
    environment,
    dropIn: { snapshotDirectory, retainCount, rollbackWindowMs: hours * 3_600_000, version },
  }
}

/** Where the password is when the address has none: a named file, the container's secret, libpq's own variable. */
function passwordSource(environment: Environment, url: string): { passwordFile?: string; password?: string } {
  const named = valueOf(environment, "DB_PASSWORD_FILE")
  if (named !== null) return { passwordFile: named }
  if (url.includes("__DB_PASSWORD__") && existsSync(CONTAINER_SECRET)) return { passwordFile: CONTAINER_SECRET }
  return valueOf(environment, "PGPASSWORD") === null ? {} : { password: "env:PGPASSWORD" }
}

function valueOf(environment: Environment, name: string): string | null {
  const value = environment[name]?.trim()
  return value === undefined || value === "" ? null : value
}

function wholeNumber(environment: Environment, name: string, fallback: number, limits: { least: number; most: number }): number {
  const text = valueOf(environment, name)
  if (text === null) return fallback
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= limits.least && value <= limits.most) return value
  throw wrong(name, `is ${JSON.stringify(text)}, not a whole number from ${limits.least} to ${limits.most}`, String(fallback))
}

function wrong(name: string, what: string, example: string): HoldfastError {
  return new HoldfastError("SETTINGS_INVALID", { what: `${name} ${what}`, hint: `Set it to a value such as ${name}=${example}.` })
}
