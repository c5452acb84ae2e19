import type { App } from "../app/app.ts"
import type { PointSummary, ProofRecord, SlotRecord } from "../operation/ports.ts"
import type { PosturePoint } from "./proven.ts"

/** One schedule or drill of an app, or one of Holdfast's own, that is in force; disabled ones are left out. */
export interface ScheduleFacts {
  readonly app: string
  /** `schedules.nightly`, `drills.monthly`, `holdfast.read`. */
  readonly schedule: string
  /** Since when it is set as it is now. */
  readonly setAt: Date
  /** The first slot after an instant; null when none comes. */
  readonly nextAfter: (instant: Date) => Date | null
  /** In any order. */
  readonly slots: readonly SlotRecord[]
  /** When runs of the same kind began that succeeded, whoever started them. */
  readonly successes: readonly Date[]
}

export interface AlarmPoint extends PosturePoint, Pick<PointSummary, "sizeBytes" | "storedBytes" | "rows" | "acceptedCollapse"> {}

export interface CopyFacts {
  readonly from: string
  readonly to: string
  /** Since when the copy is asked for. */
  readonly setAt: Date
  /** To a disk that is not always there. */
  readonly removable: boolean
}

export interface AppFacts {
  readonly app: App
  /** Of all vaults, without expired ones. */
  readonly points: readonly AlarmPoint[]
  readonly proofs: readonly ProofRecord[]
  /** Since when the app is known here: what was never proven is as old as this. */
  readonly seenAt: Date
  readonly copies: readonly CopyFacts[]
  /** Time between two drills; null when no drill is scheduled. */
  readonly drillPeriodMs: number | null
  /** Whether anybody is told of its alarms. */
  readonly hasReceiver: boolean
  /** Left out where nobody said where its updates come from. */
  readonly updates?: UpdateFacts
}

export interface UpdateFacts {
  /** The newest release that was found and does not run yet, and all on the way to it. */
  readonly available: { readonly version: string; readonly running: string | null; readonly releases: readonly string[] } | null
  /** The last rehearsal or update, if it did not do well. */
  readonly failed: {
    readonly operationId: string
    readonly version: string | null
    readonly how: "rolled back" | "failed" | "rehearsal"
    readonly why: string | null
    readonly at: Date
  } | null
  /** Why the last window for automatic updates passed without the one that was there. */
  readonly missed: { readonly version: string; readonly at: Date; readonly reason: string } | null
}

/** What came of asking a vault. */
export interface VaultCheck {
  readonly at: Date
  /** When its key last opened it; null when that never was. */
  readonly openedAt: Date | null
  readonly failingSince: Date | null
  /** Of the error catalog; null when it answered. */
  readonly errorCode: string | null
  readonly message: string | null
}

export interface VaultFacts {
  readonly name: string
  /** It was written to or read from here: it has a pinned id. */
  readonly used: boolean
  /** On a disk that is not always there. */
  readonly removable: boolean
  readonly check: VaultCheck | null
  readonly kitTaken: boolean
}

export interface DiskFacts {
  readonly path: string
  /** As `df` counts it, 0 to 1. */
  readonly usedShare: number
  readonly availableBytes: number
}

export interface ReceiverFacts {
  /** What stands in the alarm's key; holds no address. */
  readonly id: string
  /** What a person calls it: `mail to ops@example.com`, `webhook at hooks.example.com`. */
  readonly name: string
  readonly failures: number
  readonly failingSince: Date | null
  readonly error: string | null
}

export interface AlarmFacts {
  readonly schedules: readonly ScheduleFacts[]
  readonly apps: readonly AppFacts[]
  readonly vaults: readonly VaultFacts[]
  readonly disks: readonly DiskFacts[]
  readonly receivers: readonly ReceiverFacts[]
  /** Why the settings file cannot be used; null when it can. */
  readonly settingsProblem: string | null
  /** Keys of alarms that are open now: what hovers around a limit must not ring at each turn. */
  readonly open: ReadonlySet<string>
}
