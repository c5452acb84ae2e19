/** What Holdfast knows about one known application, as data (`recipes/<name>.yaml`, validated by `recipeSchema`). */
import { z } from "zod"
import { managedUpdatesSchema } from "./managed-updates.ts"

const argv = z.tuple([z.string()], z.string())

/**
 * How a key proves that it fits the data. Values of `rows` are one encrypted value a row.
 * `aes-256-gcm-envelope`: base64(0x01, kid length, kid, iv 12, tag 16, ciphertext), keys by kid.
 * `aes-256-gcm`: base64(iv 12, tag 16, ciphertext). `chacha20-sha256`: nonce 12 then ciphertext, key = SHA-256 of the text.
 * `ed25519-pair`: the public key derived from the private one equals the public file.
 */
export const keyProofSchema = z.strictObject({
  name: z.string(),
  method: z.enum(["aes-256-gcm-envelope", "aes-256-gcm", "chacha20-sha256", "ed25519-pair", "fingerprint"]),
  key: z.strictObject({ env: z.string().optional(), file: z.string().optional() }),
  keyId: z.strictObject({ env: z.string(), default: z.string() }).optional(),
  previousKeys: z.strictObject({ env: z.string() }).optional(),
  publicFile: z.string().optional(),
  database: z.string().optional(),
  rows: z.array(z.strictObject({ table: z.string(), column: z.string(), longerThanBytes: z.number().int().optional() })).optional(),
})

export const recipeSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: z.string(),
  /** How `init` recognises the app: an image repository or a service name with one of these. */
  detect: z.strictObject({ images: z.array(z.string()), services: z.array(z.string()) }),
  databases: z.record(
    z.string(),
    z.strictObject({
      engine: z.enum(["postgres", "sqlite"]),
      service: z.string().optional(),
      database: z.string().optional(),
      user: z.string().optional(),
      volume: z.string().optional(),
      path: z.string().optional(),
    }),
  ),
  files: z.record(
    z.string(),
    z.strictObject({
      volume: z.string().optional(),
      path: z.string().optional(),
      exclude: z.array(z.string()).optional(),
      owner: z.strictObject({ uid: z.number().int(), gid: z.number().int() }).optional(),
    }),
  ),
  secrets: z.array(z.string()),
  configuration: z.array(z.string()),
  /** What losing each secret means, and the remedy. `regenerate` names what `holdfast secret regenerate` can make. */
  secretFacts: z.array(
    z.strictObject({
      name: z.string(),
      file: z.string().optional(),
      env: z.string().optional(),
      mode: z
        .string()
        .regex(/^0[0-7]{3}$/)
        .optional(),
      blankAllowed: z.boolean().optional(),
      lossMeans: z.string(),
      remedy: z.string(),
      regenerate: z.enum(["ed25519-pair", "ssh-host-key", "random-hex-32", "random-base64-32"]).optional(),
      notice: z.string().optional(),
    }),
  ),
  /** SQL that gives one row, one column: the schema's version; `list` gives the applied migrations, one a row. */
  schemaVersion: z.strictObject({ database: z.string(), query: z.string(), list: z.string().optional() }).optional(),
  /** Tables whose loss does not matter (sessions, caches): their rows are not compared after the app has started. */
  volatileTables: z.array(z.string()),
  health: z
    .strictObject({
      url: z.string().optional(),
      command: z.strictObject({ service: z.string(), argv }).optional(),
      expect: z.record(z.string(), z.array(z.string())),
      versionKey: z.string().optional(),
      timeoutSeconds: z.number().int(),
    })
    .optional(),
  /** Services that write and are stopped before a restore; what runs the databases stays up. */
  stop: z.strictObject({ services: z.array(z.string()), graceSeconds: z.number().int(), waitForLog: z.string().optional() }),
  /** Columns that hold paths of stored files: checked after a restore. `prefix` is the path inside the container that maps to the files part. */
  fileReferences: z.array(
    z.strictObject({
      database: z.string(),
      table: z.string(),
      column: z.string(),
      files: z.string(),
      prefix: z.string(),
      sizeColumn: z.string().optional(),
      required: z.boolean(),
      warning: z.string().optional(),
    }),
  ),
  /** Job of the app that deletes files without a row; restore must therefore never start it between database and files. */
  deletesOrphans: z.boolean(),
  /** Whether the program applies migrations at its next start. */
  migratesAtStart: z.boolean(),
  /** What a copy of the app is started with in a rehearsal, service by service, so that it reaches nobody: no mail, no webhooks. */
  rehearsal: z.strictObject({ environment: z.record(z.string(), z.record(z.string(), z.string())) }).optional(),
  /** How it is updated, where the settings do not say: services that move together, repositories that a release may come from. */
  updates: z
    .strictObject({
      services: z.array(z.string()).min(1),
      repositories: z.array(z.string()).min(1),
      /** False where its builds report an old version, or none. */
      expectVersion: z.boolean(),
    })
    .optional(),
  /** Files that the program leaves before migrations, as a glob beside the database, newest two kept. */
  migrationBackups: z.string().optional(),
  /** Log lines or directories that `doctor --free-space` may name. */
  logs: z.array(z.string()),
  keyProofs: z.array(keyProofSchema),
  /** The vendor's own updater beside the app; `holdfast adopt` sets it up. */
  managedUpdates: managedUpdatesSchema.optional(),
  notes: z.array(z.string()),
})

export type Recipe = z.infer<typeof recipeSchema>
export type KeyProof = z.infer<typeof keyProofSchema>
