import { describe, expect, it } from "vitest"
import type { UpdateEntry } from "../../contract/output-update.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import type { FoundReleases, InstallableRelease } from "../../release/installable.ts"
import { towards } from "./do-updates.ts"
import { sinceInstalled, type KnownUpdates } from "./found-updates.ts"
import { updateEntryOf } from "./update-history.ts"

const LOOKED = "2026-11-21T06:00:00.000Z"
const AFTER = "2026-11-21T07:00:00.000Z"
const BEFORE = "2026-11-21T05:00:00.000Z"

const known: KnownUpdates = {
  running: "1.0.0",
  lookedAt: LOOKED,
  problem: null,
  notices: [],
  releases: ["1.1.0", "1.2.0", "2.0.0"].map((version) => ({ version, foundIn: "manifest" as const, notes: "" })),
}

const entry = (more: Partial<UpdateEntry>): UpdateEntry => ({
  operationId: "op",
  kind: "update",
  from: "1.0.0",
  to: "1.2.0",
  outcome: "applied",
  why: null,
  startedAt: BEFORE,
  finishedAt: AFTER,
  downtimeMs: null,
  predictedDowntimeMs: null,
  keptUntil: null,
  by: "test",
  ...more,
})

const left = (...history: readonly UpdateEntry[]): string => {
  const { running, releases } = sinceInstalled(known, history)
  return [running, ...releases.map(({ version }) => version)].join(" ")
}

describe("what was found, less what was installed since", () => {
  it("is what comes after the version that runs now", () => {
    expect(left(entry({}))).toBe("1.2.0 2.0.0")
    expect(left(entry({ to: "2.0.0" }), entry({ to: "1.2.0" }))).toBe("2.0.0")
  })

  it("stays as it is by what came before the search, by rehearsals, failures, and an update that was rolled back", () => {
    const whole = "1.0.0 1.1.0 1.2.0 2.0.0"
    expect(left()).toBe(whole)
    expect(left(entry({ finishedAt: BEFORE }))).toBe(whole)
    expect(left(entry({ kind: "rehearse", outcome: "passed" }))).toBe(whole)
    expect(left(entry({ outcome: "failed" }))).toBe(whole)
    expect(left(entry({ outcome: "running", finishedAt: null }))).toBe(whole)
    expect(left(entry({ outcome: "rolled back" }))).toBe(whole)
  })

  it("is there again after a rollback that somebody asked for", () => {
    const rollback = entry({ kind: "rollback", outcome: "rolled back", from: "1.2.0", to: "1.0.0" })
    expect(left(rollback, entry({}))).toBe("1.0.0 1.1.0 1.2.0 2.0.0")
  })
})

const host = { self: () => ({ ...record.holder }), isAlive: () => true }
const record: OperationRecord = {
  id: "op-1",
  kind: "update",
  app: "chat",
  holder: { host: "h", bootId: "b", processId: 1, processStart: "1", command: "holdfast update apply chat" },
  plan: { from: { version: "1.0.0" }, to: { version: "1.1.0" } },
  startedAt: new Date(BEFORE),
  finishedAt: new Date(AFTER),
  outcome: "succeeded",
  errorCode: null,
  message: null,
  result: { outcome: "applied", downtimeMs: 5_000, predictedDowntimeMs: null, keptUntil: AFTER },
  cancelRequested: false,
  steps: [],
}
const outcome = (more: Partial<OperationRecord>, alive = true): string =>
  updateEntryOf({ ...record, ...more }, { ...host, isAlive: () => alive }).outcome

describe("an entry of the history", () => {
  it("says what came of it, never success for what was rolled back", () => {
    expect(outcome({})).toBe("applied")
    expect(outcome({ outcome: "failed", result: { outcome: "rolled back" } })).toBe("rolled back")
    expect(outcome({ outcome: "succeeded", result: { outcome: "rolled back" } })).toBe("rolled back")
    expect(outcome({ outcome: "failed", errorCode: "UPDATE_ROLLED_BACK", result: null })).toBe("rolled back")
    expect(outcome({ outcome: "failed", errorCode: "IMAGE_MISSING", result: null })).toBe("failed")
    expect(outcome({ outcome: "cancelled", result: null })).toBe("cancelled")
    expect(outcome({ kind: "rehearse", result: { passed: true } })).toBe("passed")
    expect(outcome({ kind: "rehearse", result: { passed: false } })).toBe("failed")
    expect(outcome({ kind: "rollback", result: {} })).toBe("rolled back")
    expect(outcome({ finishedAt: null })).toBe("running")
    expect(outcome({ finishedAt: null }, false)).toBe("interrupted")
  })

  it("can be of another version of this program", () => {
    const read = updateEntryOf({ ...record, plan: "something else", result: ["and", "this"] }, host)
    expect(read).toMatchObject({ from: null, to: null, downtimeMs: null, outcome: "applied" })
    expect(updateEntryOf({ ...record, kind: "rehearse", plan: { from: "1.0.0", to: "1.1.0" } }, host)).toMatchObject({
      from: "1.0.0",
      to: "1.1.0",
    })
  })
})

describe("the releases up to the one that is meant", () => {
  const hop = (version: string): InstallableRelease => ({
    version,
    foundIn: "manifest",
    images: {},
    preFlight: null,
    migrate: null,
    schemaVersion: null,
    notes: "",
    signed: null,
  })
  const found: FoundReleases = { running: "1.0.0", hops: ["1.1.0", "1.2.0"].map(hop), lookedAt: new Date(LOOKED), notices: [] }
  const versions = (to: string | null): readonly string[] => towards("chat", found, to).hops.map(({ version }) => version)

  it("end with it", () => {
    expect(versions(null)).toEqual(["1.1.0", "1.2.0"])
    expect(versions("1.1.0")).toEqual(["1.1.0"])
    expect(versions("1.0.0")).toEqual([])
  })

  it("cannot be of one that is not on the way", () => {
    expect(() => versions("9.9.9")).toThrow("there is no release 9.9.9 that chat can be updated to")
  })
})
