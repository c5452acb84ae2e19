/** What running operations asks of the store (SQLite now, PostgreSQL later; design §12). Implemented by `tool/store`. */
import type { Json } from "../base/canonical-json.ts"

export type OperationKind =
  | "backup"
  | "verify"
  | "drill"
  | "restore"
  | "undo"
  | "rebuild"
  | "expire"
  | "import"
  | "export"
  | "copy"
  | "pin"
  | "release-kept"
  | "rehearse"
  | "update"
  | "rollback"
  | "adopt"
  | "adopt-undo"

export type OperationOutcome = "succeeded" | "partial" | "failed" | "cancelled"

/** Who runs an operation. Alive only if boot id and start time still match that process id on that host. */
export interface Holder {
  readonly host: string
  readonly bootId: string
  readonly processId: number
  /** Field 22 of /proc/<pid>/stat; a reused process id has another. */
  readonly processStart: string
  /** What a person would call it: `holdfast backup chat`. */
  readonly command: string
}

export interface StepRecord {
  readonly index: number
  readonly name: string
  readonly state: "started" | "done" | "failed"
  /** What settling needs to finish or undo this step: names, paths, ids. Never secrets. */
  readonly details: Json
  readonly result: Json
  readonly at: Date
}

export interface OperationRecord {
  readonly id: string
  readonly kind: OperationKind
  readonly app: string
  readonly holder: Holder
  /** The plan as printed, for people and for settling. */
  readonly plan: Json
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly outcome: OperationOutcome | null
  readonly errorCode: string | null
  readonly message: string | null
  /** What came of it: the point's id, the report. */
  readonly result: Json
  readonly cancelRequested: boolean
  readonly steps: readonly StepRecord[]
}

/** A proof as sealed in the vault's ledger and kept in the store. */
export interface ProofRecord {
  readonly app: string
  readonly point: string
  readonly vault: string
  readonly level: "sealed" | "read" | "restored" | "booted"
  readonly at: Date
  readonly durationMs: number
  readonly operationId: string
  readonly details: Json
}

export interface PinRecord {
  readonly app: string
  readonly point: string
  readonly pinned: boolean
  readonly reason: string | null
  readonly at: Date
}

/** State kept beside after a restore, for `undo`, until it is released. */
export interface KeptRecord {
  readonly operationId: string
  readonly app: string
  readonly keptUntil: Date
  readonly releasedAt: Date | null
  /** Names and paths of what is kept, and what puts it back. */
  readonly details: Json
}

export interface PointRecord {
  readonly app: string
  readonly vault: string
  readonly id: string
  readonly sequence: number
  /** Digest of the manifest's bytes. */
  readonly digest: string
  readonly startedAt: Date
  readonly manifest: Json
  /** Set when the point was un-listed, durably before its data is removed. */
  readonly expiredAt: Date | null
}

/** What a listing shows of a point, without its manifest being read. */
export interface PointSummary extends Omit<PointRecord, "manifest" | "expiredAt"> {
  readonly label: string | null
  readonly trigger: string
  readonly cold: boolean
  readonly appVersion: string | null
  readonly parts: readonly string[]
  readonly sizeBytes: number
  readonly storedBytes: number
  /** How many warnings the manifest holds. */
  readonly warnings: number
  /** Rows of all databases; null when the point holds none, or was listed before they were counted. */
  readonly rows: number | null
  /** A person said that the drop against earlier points is intended. */
  readonly acceptedCollapse: boolean
  /** What the app had then and no setting named: as `leaveOut` would say it, and as people are told. */
  readonly unnamed: readonly { readonly name: string; readonly what: string }[]
}

/** What became of one slot of one schedule; each slot is recorded once, whatever came of it. */
export interface SlotRecord {
  readonly app: string
  /** `schedules.nightly`, `drills.monthly`, or one of Holdfast's own such as `holdfast.read`. */
  readonly schedule: string
  readonly slot: Date
  readonly handledAt: Date
  /** `running` until its end is known; `skipped`: an overlap, with its reason. */
  readonly outcome: OperationOutcome | "running" | "skipped"
  readonly operationId: string | null
  readonly reason: string | null
  /** Slots before this one that nobody ran, because nothing was running then. */
  readonly missed: number
}

/** Something that a person has to know until it is over. */
export interface AlarmRecord {
  /** What makes it this alarm and no other: `overdue:chat:schedules.nightly`. */
  readonly key: string
  readonly app: string | null
  readonly kind: string
  readonly text: string
  readonly since: Date
  /** When it was last sent to somebody; null when that never succeeded. */
  readonly toldAt: Date | null
  readonly endedAt: Date | null
}

/** All writes are durable when they resolve. */
export interface Store {
  /** Takes the app's lease, or tells who holds it. A lease of a holder proven dead is taken over; its operation stays interrupted. */
  acquireLease(
    app: string,
    operationId: string,
    holder: Holder,
  ): Promise<{ acquired: true } | { acquired: false; holder: Holder; operationId: string }>
  /** False when the lease is no longer ours: stop before the next write. */
  holdsLease(app: string, operationId: string): Promise<boolean>
  releaseLease(app: string, operationId: string): Promise<void>
  /** Forgets leases of holders proven dead. One whose operation is unfinished stays: whoever settles that takes it over. */
  dropDeadLeases(): Promise<void>
  /** Who holds the lease, living or not; null when it is free. */
  leaseOf(app: string): Promise<{ readonly operationId: string; readonly holder: Holder } | null>

  createOperation(operation: Pick<OperationRecord, "id" | "kind" | "app" | "holder" | "plan" | "startedAt">): Promise<void>
  beginStep(operationId: string, step: Pick<StepRecord, "index" | "name" | "details" | "at">): Promise<void>
  endStep(operationId: string, index: number, state: "done" | "failed", result: Json): Promise<void>
  finishOperation(
    operationId: string,
    end: { finishedAt: Date; outcome: OperationOutcome; errorCode: string | null; message: string | null; result: Json },
  ): Promise<void>
  requestCancel(operationId: string): Promise<void>
  operation(id: string): Promise<OperationRecord | null>
  operations(filter: { app?: string; unfinished?: boolean; limit?: number }): Promise<readonly OperationRecord[]>

  putPoint(point: PointRecord): Promise<void>
  /** Without expired ones, oldest first by sequence. */
  points(app: string, vault: string): Promise<readonly PointRecord[]>
  /** The same points for a listing: thousands of them in a fraction of a second. */
  pointSummaries(app: string, vault: string): Promise<readonly PointSummary[]>
  markExpired(app: string, vault: string, ids: readonly string[], at: Date): Promise<void>
  /** Durably forgets points whose data is gone from the vault. */
  removePoints(app: string, vault: string, ids: readonly string[]): Promise<void>
  /** Points that were un-listed but whose data may still be there. */
  expiredPoints(app: string, vault: string): Promise<readonly PointRecord[]>

  putProof(proof: ProofRecord): Promise<void>
  proofs(app: string): Promise<readonly ProofRecord[]>
  putPin(pin: PinRecord): Promise<void>
  pins(app: string): Promise<readonly PinRecord[]>
  putKept(kept: KeptRecord): Promise<void>
  kept(app: string): Promise<readonly KeptRecord[]>

  /** Writes or replaces the record of a slot. */
  putSlot(slot: SlotRecord): Promise<void>
  /** Writes the record of a slot unless there is one already; true for the one who wrote it, of however many processes. */
  claimSlot(slot: SlotRecord): Promise<boolean>
  /** Newest slots first. `until`: only slots that are not after this instant. */
  slots(filter: { app?: string; schedule?: string; until?: Date; limit?: number }): Promise<readonly SlotRecord[]>
  /** Writes or replaces an alarm by its key. */
  putAlarm(alarm: AlarmRecord): Promise<void>
  /** Newest first; `open` leaves out those that ended. */
  alarms(filter: { open?: boolean; limit?: number }): Promise<readonly AlarmRecord[]>

  /** Small durable values: pinned vault ids (`vault-id:<vault>`), `synced:<vault>:<app>`, `kit-taken:<vault>`. */
  value(key: string): Promise<string | null>
  setValue(key: string, value: string): Promise<void>
  close(): Promise<void>
}
