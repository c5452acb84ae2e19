/** The recovery-point manifest: a strict, versioned JSON document stored last; without it there is no point (design §5). */
import { z } from "zod"

const count = z.number().int().nonnegative()
const instant = z.iso.datetime()
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const treeId = z.string().regex(/^[0-9a-f]{64}$/)

export const databaseFactsSchema = z.strictObject({
  engine: z.enum(["postgres", "sqlite", "command"]),
  engineVersion: z.string(),
  schemaVersion: z.string().nullable(),
  migrations: z.array(z.string()),
  rows: z.record(z.string(), count),
  sizeBytes: count,
})

export const databaseShapeSchema = z.strictObject({
  owner: z.string().nullable(),
  encoding: z.string().nullable(),
  localeProvider: z.string().nullable(),
  collate: z.string().nullable(),
  ctype: z.string().nullable(),
  icuLocale: z.string().nullable(),
  collationVersion: z.string().nullable(),
  comment: z.string().nullable(),
  connectionLimit: z.number().int().nullable(),
  settings: z.array(z.string()),
  grants: z.array(z.string()),
  extensions: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  roles: z.array(z.strictObject({ name: z.string(), attributes: z.array(z.string()), memberOf: z.array(z.string()) })),
  pragmas: z.record(z.string(), z.string()),
})

const rootSchema = z.strictObject({ uid: count, gid: count, mode: count })

export const databasePartSchema = z.strictObject({
  kind: z.literal("database"),
  name: z.string(),
  part: z.string(),
  treeId,
  fileName: z.string(),
  sizeBytes: count,
  storedBytes: count,
  engine: z.enum(["postgres", "sqlite", "command"]),
  access: z.string(),
  toolVersion: z.string(),
  snapshotAt: instant,
  durationMs: count,
  facts: databaseFactsSchema,
  shape: databaseShapeSchema,
  /** Where it came from, so that an empty host can be rebuilt: service, database and user, or the file's place. */
  source: z.record(z.string(), z.string()),
})

export const filesPartSchema = z.strictObject({
  kind: z.literal("files"),
  name: z.string(),
  part: z.string(),
  treeId,
  sizeBytes: count,
  storedBytes: count,
  files: count,
  durationMs: count,
  root: rootSchema,
  /** Host path or `volume:<real name>`. */
  source: z.string(),
  exclude: z.array(z.string()),
  /** Sockets, devices and the like that are listed and not stored. */
  skipped: z.array(z.string()),
  /** Hard links to files outside the tree, set-id files, capabilities: recorded, because a restore may strip or split them. */
  special: z.array(z.string()),
})

/** Secrets and configuration are saved as a tree of `files/<n>/…` with the real paths here. */
export const pathsPartSchema = z.strictObject({
  kind: z.enum(["secrets", "configuration"]),
  name: z.string(),
  part: z.string(),
  treeId,
  sizeBytes: count,
  storedBytes: count,
  files: count,
  durationMs: count,
  paths: z.array(z.strictObject({ path: z.string(), stored: z.string(), directory: z.boolean(), root: rootSchema })),
})

export const imagePartSchema = z.strictObject({
  kind: z.literal("image"),
  name: z.string(),
  part: z.string(),
  treeId,
  fileName: z.string(),
  sizeBytes: count,
  storedBytes: count,
  imageId: z.string(),
  reference: z.string(),
})

export const partSchema = z.discriminatedUnion("kind", [databasePartSchema, filesPartSchema, pathsPartSchema, imagePartSchema])

export const serviceRecordSchema = z.strictObject({
  service: z.string(),
  reference: z.string(),
  imageId: z.string(),
  repositoryDigests: z.array(z.string()),
  running: z.boolean(),
})

export const manifestSchema = z.strictObject({
  format: z.literal("holdfast.recovery-point"),
  version: z.literal(1),
  id: z.string(),
  app: z.string(),
  label: z.string().nullable(),
  trigger: z.enum(["manual", "schedule", "safety", "migration", "import", "update", "self"]),
  cold: z.boolean(),
  startedAt: instant,
  finishedAt: instant,
  durationMs: count,
  host: z.string(),
  operationId: z.string(),
  appVersion: z.string().nullable(),
  holdfastVersion: z.string(),
  tools: z.record(z.string(), z.string()),
  services: z.array(serviceRecordSchema),
  parts: z.array(partSchema),
  /** Parts that the settings name but that were left out by `--only`. */
  leftOut: z.array(z.string()),
  /** Fingerprints of the keys that the data needs, by name; never the keys. */
  keyFingerprints: z.record(z.string(), digest),
  activeKeyIds: z.record(z.string(), z.string()),
  compose: z
    .strictObject({ projectName: z.string(), projectDirectory: z.string(), files: z.array(z.string()), profiles: z.array(z.string()) })
    .nullable(),
  /** The app's settings in force, without secrets, so that an empty host can be rebuilt. */
  settings: z.record(z.string(), z.json()),
  warnings: z.array(z.string()),
  /** What the app had and its settings did not name, so that the point does not hold it; left out where there was nothing. */
  unnamed: z.array(z.strictObject({ name: z.string(), what: z.string() })).optional(),
  /** A person said that a sharp drop against earlier points is intended: this point is the new measure, not a suspicious one. */
  acceptedCollapse: z.literal(true).optional(),
  /** 1 for the first point of an app in a vault chain, then one more each. */
  sequence: z.number().int().positive(),
  previous: z.strictObject({ id: z.string(), digest }).nullable(),
  /** Earlier points, newest first, so that rebuilding the store is one list and one read. */
  index: z.array(z.strictObject({ id: z.string(), digest, sequence: z.number().int().positive() })),
})

export type Manifest = z.infer<typeof manifestSchema>
export type ManifestPart = z.infer<typeof partSchema>
export type DatabasePart = z.infer<typeof databasePartSchema>
export type FilesPart = z.infer<typeof filesPartSchema>
export type PathsPart = z.infer<typeof pathsPartSchema>
export type ImagePart = z.infer<typeof imagePartSchema>
export type ServiceRecord = z.infer<typeof serviceRecordSchema>
