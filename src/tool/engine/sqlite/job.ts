/** What the child that opens databases is asked, and what it answers; both sides check it. */
import { z } from "zod"

/** How every SQLite database begins. */
export const MAGIC: Buffer = Buffer.from("SQLite format 3\0")

const schemaQueries = z.object({ version: z.string(), list: z.string().nullable() }).nullable()

const openOptions = {
  path: z.string(),
  busyTimeoutMs: z.number().int().nonnegative(),
}

export const jobSchema = z.discriminatedUnion("kind", [
  /** One consistent copy of a live database into `target`, checked and described. */
  z.object({ kind: z.literal("capture"), ...openOptions, target: z.string(), schema: schemaQueries }),
  /** What a database says of itself, in one read transaction. */
  z.object({ kind: z.literal("facts"), ...openOptions, schema: schemaQueries, integrity: z.boolean() }),
  z.object({ kind: z.literal("query"), ...openOptions, sql: z.string() }),
  /** Header and page count only. */
  z.object({ kind: z.literal("inspect"), ...openOptions }),
  /** Puts recorded PRAGMA values into a database of ours. Never asked for a live one. */
  z.object({ kind: z.literal("dress"), ...openOptions, pragmas: z.record(z.string(), z.string()) }),
  /** Replays the WAL or rolls back the journal of a private copy. Never asked for a live one. */
  z.object({ kind: z.literal("settle-copy"), ...openOptions }),
  /** Gives tables of a private copy the rows that they have in `from`. */
  z.object({ kind: z.literal("replace-tables"), ...openOptions, from: z.string(), tables: z.array(z.string()) }),
  /** Removes every other table of a database of ours. */
  z.object({ kind: z.literal("keep-only"), ...openOptions, tables: z.array(z.string()) }),
  /** Reads what can be read of a damaged private copy into a new database. */
  z.object({ kind: z.literal("read-rows"), ...openOptions, target: z.string() }),
])

export type Job = z.infer<typeof jobSchema>

const descriptionSchema = z.object({
  engineVersion: z.string(),
  schemaVersion: z.string().nullable(),
  migrations: z.array(z.string()),
  rows: z.record(z.string(), z.number().int().nonnegative()),
  sizeBytes: z.number().int().nonnegative(),
  pragmas: z.record(z.string(), z.string()),
  /** What `integrity_check` said, empty when it said exactly `ok` or was not asked. */
  damage: z.array(z.string()),
  warnings: z.array(z.string()),
})

export type Description = z.infer<typeof descriptionSchema>

export const failureKinds = ["busy", "not-a-database", "needs-copy", "damaged", "space", "query", "other"] as const

export const answerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("capture"), access: z.enum(["vacuum-into", "backup"]), description: descriptionSchema }),
  z.object({ kind: z.literal("facts"), description: descriptionSchema }),
  z.object({ kind: z.literal("query"), rows: z.array(z.array(z.string().nullable())) }),
  z.object({ kind: z.literal("inspect"), engineVersion: z.string(), sizeBytes: z.number() }),
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("refused"), table: z.string(), reason: z.enum(["shape", "reference"]), message: z.string() }),
  z.object({ kind: z.literal("failure"), failure: z.enum(failureKinds), message: z.string(), resultCode: z.number().nullable() }),
])

export type Answer = z.infer<typeof answerSchema>
export type Failure = Extract<Answer, { kind: "failure" }>
