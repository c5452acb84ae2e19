/** The recovery kit: where the vaults are, their keys and the commands; with it and an empty host everything comes back (design §2, §7). */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import type * as Age from "age-encryption"
import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"
import { Secret } from "../base/secret.ts"
import type { Pins } from "./pins.ts"
import type { OpenVault } from "./vault.ts"

const vaultSchema = z.strictObject({
  name: z.string().min(1),
  url: z.string().min(1),
  vaultId: z.string().regex(/^[0-9a-f]{64}$/),
  key: z.string().min(1),
  options: z.array(z.string()),
  appendOnly: z.boolean(),
  /** Credentials for the transport, by the name of their environment variable. */
  environment: z.record(z.string(), z.string()),
})

export const kitSchema = z.strictObject({
  format: z.literal("holdfast.recovery-kit"),
  version: z.literal(1),
  createdAt: z.iso.datetime(),
  host: z.string(),
  holdfastVersion: z.string(),
  apps: z.array(z.string()),
  vaults: z.array(vaultSchema).min(1),
  /** Other files that are needed to reach a vault: SSH keys, known hosts. */
  files: z.array(z.strictObject({ path: z.string(), content: z.string() })),
  /** The settings file as it was, null when there is none. */
  settings: z.string().nullable(),
})

/** Holds keys in the clear: print it or encrypt it, never log it. */
export type Kit = z.infer<typeof kitSchema>
export type KitVault = Kit["vaults"][number]

export interface KitRequest {
  readonly vaults: readonly OpenVault[]
  readonly apps: readonly string[]
  readonly host: string
  readonly holdfastVersion: string
  readonly createdAt: Date
  /** Absolute paths of further files to take in. */
  readonly files: readonly string[]
  readonly settings: string | null
}

/** Collects the kit. Throws VAULT_KEY_MISSING or SECRET_UNAVAILABLE when something that belongs into it cannot be read. */
export async function collectKit(request: KitRequest): Promise<Kit> {
  const vaults: KitVault[] = []
  for (const vault of request.vaults) vaults.push(await kitVault(vault))
  const files: Kit["files"] = []
  for (const path of request.files) files.push({ path, content: await readOr(path, "SECRET_UNAVAILABLE") })
  const { host, holdfastVersion, settings } = request
  return {
    format: "holdfast.recovery-kit",
    version: 1,
    createdAt: request.createdAt.toISOString(),
    host,
    holdfastVersion,
    apps: [...request.apps],
    vaults,
    files,
    settings,
  }
}

async function kitVault(vault: OpenVault): Promise<KitVault> {
  const { name, url, keyFile, options, appendOnly, environment } = vault.location
  const revealed: Record<string, string> = {}
  for (const [variable, value] of Object.entries(environment)) revealed[variable] = value instanceof Secret ? value.reveal() : value
  const key = (await readOr(keyFile, "VAULT_KEY_MISSING")).trim()
  return { name, url, vaultId: vault.vaultId, key, options: [...options], appendOnly, environment: revealed }
}

async function readOr(path: string, code: "VAULT_KEY_MISSING" | "SECRET_UNAVAILABLE"): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (cause) {
    throw new HoldfastError(code, { what: `${path} cannot be read into the recovery kit`, cause })
  }
}

/** Loaded when it is needed: its curves take longer to prepare than most commands take. */
async function age(): Promise<typeof Age> {
  return await import("age-encryption")
}

/** Encrypts a kit with a passphrase (age, armored): `age --decrypt` opens it as well. */
export async function encryptKit(kit: Kit, passphrase: Secret): Promise<string> {
  const { Encrypter, armor } = await age()
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase.reveal())
  return armor.encode(await encrypter.encrypt(JSON.stringify(kit, null, 2)))
}

/** Opens an encrypted kit. Throws KIT_INVALID when it is another file, cut, altered, or of another passphrase. */
export async function decryptKit(armored: string, passphrase: Secret): Promise<Kit> {
  const { Decrypter, armor } = await age()
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase.reveal())
  let text: string
  try {
    text = await decrypter.decrypt(armor.decode(armored), "text")
  } catch (cause) {
    throw new HoldfastError("KIT_INVALID", {
      what: "the recovery kit cannot be opened",
      why: "wrong passphrase, or not a whole kit file",
      cause,
    })
  }
  return parseKit(text)
}

/** A kit from its plain JSON. Throws KIT_INVALID. */
export function parseKit(text: string): Kit {
  const parsed = kitSchema.safeParse(jsonOrNull(text))
  if (parsed.success) return parsed.data
  // Only where it is wrong: what stands there may be a key.
  const [issue] = parsed.error.issues
  throw new HoldfastError("KIT_INVALID", { what: "this is not a recovery kit", why: issue?.path.map(String).join(".") ?? "document" })
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Remembers that the kit was taken, for these vaults with these keys. */
export async function markKitTaken(store: Pins, vaults: readonly OpenVault[]): Promise<void> {
  for (const vault of vaults) await store.setValue(takenName(vault), await fingerprint(vault))
}

/** A sentence for every backup until the kit has been taken, null after that; a new vault or key asks again. */
export async function kitReminder(store: Pins, vault: OpenVault): Promise<string | null> {
  const taken = await store.value(takenName(vault))
  if (taken === (await fingerprint(vault))) return null
  const { name } = vault.location
  return `the key of vault ${name} exists only on this machine: run \`holdfast kit\` and keep the kit somewhere else`
}

function takenName(vault: OpenVault): string {
  return `kit-taken:${vault.location.name}`
}

async function fingerprint(vault: OpenVault): Promise<string> {
  const key = (await readOr(vault.location.keyFile, "VAULT_KEY_MISSING")).trim()
  return createHash("sha256").update(`${vault.vaultId}\n${key}`).digest("hex")
}
