import { existsSync, readFileSync, statSync } from "node:fs"
import { HoldfastError, messageOf } from "../base/errors.ts"
import { Secret } from "../base/secret.ts"

/** Looks up a variable: the process's own environment first, then the app's `.env`. */
export type LookUp = (name: string) => string | undefined

/**
 * `env:NAME` → the value.
 * @throws SECRET_UNAVAILABLE when the variable is not set or empty
 */
export function secretFromEnvironment(reference: string, lookUp: LookUp, key: string): Secret {
  const name = reference.replace(/^env:/, "")
  const value = lookUp(name)
  if (value !== undefined && value !== "") return new Secret(value)
  throw new HoldfastError("SECRET_UNAVAILABLE", {
    what: `${key} names the environment variable ${name}, which is not set`,
    hint: `Set ${name}, also for cron and systemd, or put it into the app's .env file.`,
  })
}

/**
 * The text of a file without its last line end.
 * @throws SECRET_UNAVAILABLE when it cannot be read or is blank
 */
export function secretFromFile(path: string, key: string): Secret {
  const text = readSecret(path, key).replace(/\r?\n$/, "")
  if (text.trim() === "") throw new HoldfastError("SECRET_UNAVAILABLE", { what: `${key} names ${path}, which is blank` })
  return new Secret(text)
}

function readSecret(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    throw new HoldfastError("SECRET_UNAVAILABLE", { what: `${key} names ${path}, which cannot be read`, why: messageOf(cause), cause })
  }
}

/** A file that need not be there: null when it is missing or blank. */
export function optionalSecretFromFile(path: string, key: string): Secret | null {
  if (!existsSync(path) || statSync(path).size === 0) return null
  return secretFromFile(path, key)
}
