import { join, resolve } from "node:path"
import type { Keep } from "../app/app.ts"
import { readEnvFile } from "../app/env-file.ts"
import { HoldfastError } from "../base/errors.ts"
import { Secret } from "../base/secret.ts"
import type { VaultLocation } from "../vault/ports.ts"
import { resolveKeep } from "./resolve.ts"
import type { VaultSettings } from "./schema.ts"
import type { Settings } from "./settings.ts"

export interface VaultGround {
  /** Absolute. */
  readonly stateDirectory: string
  /** Open it with the credentials that may delete. */
  readonly forExpiry?: boolean
}

/**
 * Everything needed to open a vault of the settings.
 * @throws VAULT_UNKNOWN, SECRET_UNAVAILABLE when the credentials file is missing or empty
 */
export function vaultLocation(settings: Settings, name: string, ground: VaultGround): VaultLocation {
  const given = vaultSettings(settings, name)
  const credentials = ground.forExpiry === true ? (given.expireCredentials ?? given.credentials) : given.credentials
  return {
    name,
    url: given.url ?? resolve(settings.directory, given.path ?? "."),
    keyFile: given.keyFile === undefined ? join(ground.stateDirectory, "keys", `${name}.key`) : resolve(settings.directory, given.keyFile),
    environment: credentials === undefined ? {} : readCredentials(resolve(settings.directory, credentials), name),
    options: vaultOptions(given),
    cacheDirectory: join(ground.stateDirectory, "cache", name),
    uploadKibPerSecond: given.limits?.uploadKibPerSecond ?? null,
    downloadKibPerSecond: given.limits?.downloadKibPerSecond ?? null,
    cpus: given.limits?.cpus ?? null,
    mustBeMounted: given.mustBeMounted,
    appendOnly: given.appendOnly && !(ground.forExpiry === true && given.expireCredentials !== undefined),
  }
}

/** What the vault itself keeps; null: what each schedule says. */
export function vaultKeep(settings: Settings, name: string): Keep | null {
  const { keep } = vaultSettings(settings, name)
  return keep === undefined ? null : resolveKeep(keep)
}

function vaultSettings(settings: Settings, name: string): VaultSettings {
  const given = settings.vaults[name]
  if (given !== undefined) return given
  throw new HoldfastError("VAULT_UNKNOWN", {
    what: `there is no vault called ${name}`,
    why: `there is ${Object.keys(settings.vaults).join(", ")}`,
  })
}

function vaultOptions(given: VaultSettings): readonly string[] {
  const own = Object.entries(given.options ?? {}).map(([option, value]) => `${option}=${value}`)
  return given.storageClass === undefined ? own : [...own, `s3.storage-class=${given.storageClass}`]
}

function readCredentials(file: string, vault: string): Readonly<Record<string, Secret>> {
  const { values } = readEnvFile(file, null)
  if (values.size > 0) return Object.fromEntries([...values].map(([key, value]) => [key, new Secret(value)]))
  throw new HoldfastError("SECRET_UNAVAILABLE", {
    what: `the credentials of the vault ${vault} are not in ${file}`,
    hint: "Write them there as NAME=value lines, for example AWS_ACCESS_KEY_ID=…",
  })
}
