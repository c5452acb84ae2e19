/** Vaults: how they stand, adding one, the recovery kit. */
import { z } from "zod"
import { count, instant, keep, name } from "./shapes.ts"
import { settingsFile } from "./schedules.ts"

export const vault = z.object({
  vault: z.string(),
  kind: z.string(),
  /** Where it is, without credentials. */
  address: z.string(),
  appendOnly: z.boolean(),
  keep: keep.nullable(),
  /** Null: not asked yet (`?check=true` asks all of them now). */
  reachable: z.boolean().nullable(),
  /** Why it cannot be reached. */
  why: z.string().nullable(),
  checkedAt: instant.nullable(),
  /** Null: nothing was written to it yet. */
  vaultId: z.string().nullable(),
  apps: z.array(z.object({ app: z.string(), points: count, newest: instant.nullable() })),
  points: count,
  storedBytes: count,
  freeBytes: count.nullable(),
  totalBytes: count.nullable(),
  /** Sum of what points added, by day, oldest first, at most 90. */
  growth: z.array(z.object({ day: z.string(), storedBytes: count })),
  /** The newest proof that a point in it was read back whole. */
  lastReadAt: instant.nullable(),
  /** When its key last opened it. */
  keyProvenAt: instant.nullable(),
  kitTaken: z.boolean(),
  /** Null where it was not taken, or it is not known when. */
  kitTakenAt: instant.nullable(),
})

/** GET /vaults?check */
export const vaultsPage = z.object({ file: settingsFile, vaults: z.array(vault) })

const place = {
  /** A folder on the host, or … */
  path: z.string().min(1).max(4096).nullable().default(null),
  /** … an address (`s3:…`, `rest:…`, `sftp:…`); exactly one of the two. */
  url: z.string().min(1).max(4096).nullable().default(null),
  /** NAME → value for the transport; written to a file of its own (0600), never into the settings. */
  credentials: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(10_000))
    .nullable()
    .default(null),
  /** `name=value` of the vault's tool. */
  options: z.record(z.string(), z.string()).nullable().default(null),
}

/** POST /vaults/test: looks whether it answers, and writes nothing. */
export const vaultTestBody = z.object(place)
export const vaultTested = z.object({
  /** It answered. */
  reachable: z.boolean(),
  /** There is a vault already: its key is needed to use it. */
  exists: z.boolean(),
  text: z.string(),
})

/** POST /vaults with `If-Match`. */
export const addVaultBody = z.object({ ...place, vault: name, appendOnly: z.boolean().default(false), keep: keep.nullable().default(null) })
export const addedVault = z.object({ vault: z.string(), digest: z.string() })

/** POST /vaults/:vault/kit (fresh second factor) answers with the file as an attachment; a passphrase for `encrypted`. */
export const kitBody = z.discriminatedUnion("as", [
  z.object({ as: z.literal("html") }),
  z.object({ as: z.literal("encrypted"), passphrase: z.string().min(12).max(1000) }),
])

export type Vault = z.infer<typeof vault>
export type VaultsPage = z.infer<typeof vaultsPage>
export type VaultTestBody = z.input<typeof vaultTestBody>
export type VaultTested = z.infer<typeof vaultTested>
export type AddVaultBody = z.input<typeof addVaultBody>
export type AddedVault = z.infer<typeof addedVault>
export type KitBody = z.infer<typeof kitBody>
