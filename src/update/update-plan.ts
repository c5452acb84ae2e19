import type { InstallableRelease } from "../release/installable.ts"

/** What one update does, computed before anything changes: printed, confirmed, then applied (design §10). Instants as ISO text, so that it is journaled as it is. */
export interface UpdatePlan {
  readonly app: string
  readonly from: { readonly version: string | null; readonly images: Readonly<Record<string, string>> }
  readonly to: InstallableRelease
  /** Releases that come after this one on the way to the newest; each is planned, rehearsed and applied for itself. */
  readonly hopsAfter: readonly string[]
  /** Services that are made anew, in the order of their names. */
  readonly services: readonly string[]
  /** Services that are stopped for the moment of the clone and started again. */
  readonly stops: readonly string[]
  /** Files that are edited, each with its difference as a unified diff; every other byte stays. */
  readonly edits: readonly { readonly path: string; readonly diff: string }[]
  /** The proof that the update stands on. */
  readonly proof: { readonly point: string; readonly level: string; readonly at: string }
  readonly vault: string
  /**
   * How each database is kept for the way back: by a copy beside it; or, with the reason, from a cold point that is restored beside (`cold-point`)
   * or put into the emptied database itself (`refill`).
   */
  readonly databases: readonly {
    readonly name: string
    readonly way: "clone" | "cold-point" | "refill"
    readonly why: string
    readonly sizeBytes: number
  }[]
  readonly space: readonly { readonly where: string; readonly neededBytes: number; readonly freeBytes: number }[]
  /** What the rehearsal found; null where it was not done yet (`update plan` without `--rehearse`). */
  readonly rehearsal: Rehearsal | null
  /** Why a person wants it without a rehearsal; null: it is rehearsed before anything is stopped. */
  readonly unrehearsed: string | null
  /** Data of the app that no point holds and a rollback does not take back, because its settings do not name it: `volume chat_media`. */
  readonly unnamed: readonly string[]
  /** From the last rehearsal of this release here, else from earlier updates; null when nothing is known. */
  readonly predictedDowntimeMs: number | null
  readonly rollbackWindowMs: number
  readonly warnings: readonly string[]
}

export interface Rehearsal {
  readonly operationId: string
  readonly point: string
  readonly version: string
  readonly passed: boolean
  /** What failed, in the words of what said it; null when it passed. */
  readonly why: string | null
  readonly schema: SchemaChange
  /** From starting the new version to the first good answer. */
  readonly startMs: number
  /** Copying every database beside itself, as the update does while the app stands still; left out where that is not possible. */
  readonly cloneMs?: number
  /** Stopping everything that writes, with this data; left out where it was not tried (plain programs) or not measured. */
  readonly stopMs?: number
  readonly preFlightMs: number | null
  readonly migrateMs: number | null
  readonly at: string
}

export interface SchemaChange {
  readonly from: string | null
  readonly to: string | null
  readonly tablesAdded: readonly string[]
  readonly tablesRemoved: readonly string[]
  /** `table.column`. */
  readonly columnsAdded: readonly string[]
  readonly columnsRemoved: readonly string[]
  /** Tables whose number of rows changed while the new version started. */
  readonly rows: readonly { readonly table: string; readonly before: number; readonly after: number }[]
}

/** What one update came to. */
export interface UpdateReport {
  readonly operationId: string
  readonly app: string
  readonly from: string | null
  readonly to: string
  readonly outcome: "applied" | "rolled back"
  /** Why it was rolled back; null when it was applied. */
  readonly why: string | null
  /** From the moment the writers were told to stop to the first good answer. */
  readonly downtimeMs: number
  /** As the plan or the rehearsal within the update let expect; null when nothing was known. */
  readonly predictedDowntimeMs: number | null
  /** Why a person wanted it without a rehearsal; null when it was rehearsed. */
  readonly unrehearsed: string | null
  readonly rollbackMs: number | null
  readonly durationMs: number
  readonly hotPoint: string
  /** Sealed from the clone once the app was up again; null after a rollback, where the live state is that very state. */
  readonly safetyPoint: string | null
  readonly keptUntil: string | null
  /** Rows that the new version had written when it was rolled back, by table; they are kept beside. */
  readonly rowsKeptBeside: readonly { readonly database: string; readonly table: string; readonly rows: number }[]
  readonly warnings: readonly string[]
}
