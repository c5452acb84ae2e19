import { describe, expect, it } from "vitest"
import { daysAgo, exampleOperation, exampleRehearsal, exampleRelease, NOW } from "../../../test/fixture/update.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { recordedRehearsal, rehearsalToJson, triedOf, usableRehearsal } from "./rehearsal-record.ts"
import type { Rehearsal } from "../update-plan.ts"

const release = exampleRelease()
const DAY_MS = 86_400_000

function recorded(rehearsal: Rehearsal = exampleRehearsal(), more: Partial<OperationRecord> = {}, of = release): OperationRecord {
  return exampleOperation({ kind: "rehearse", plan: { to: of.version, ...triedOf(of) }, result: rehearsalToJson(rehearsal), ...more })
}

describe("a recorded rehearsal", () => {
  it("is read back as it was, with and without the time of a copy", () => {
    for (const rehearsal of [exampleRehearsal(), exampleRehearsal({ cloneMs: 120 }), exampleRehearsal({ cloneMs: 120, stopMs: 90 })]) {
      const throughStore: OperationRecord = JSON.parse(JSON.stringify(recorded(rehearsal)))
      expect(recordedRehearsal({ ...throughStore, startedAt: NOW, finishedAt: NOW }, release)).toEqual(rehearsal)
    }
  })

  it.each([
    ["another image", exampleRelease("1.1.1", { version: release.version })],
    ["another command", { ...release, migrate: { service: "web", argv: ["migrate"] as [string] } }],
    ["a command that moved from one place to the other", { ...release, preFlight: { service: "web", argv: ["migrate"] as [string] } }],
  ])("is none of a release with %s", (_what, other) => {
    const tried = { ...release, migrate: { service: "web", argv: ["x"] as [string] } }
    expect(recordedRehearsal(recorded(exampleRehearsal(), {}, tried), other)).toBeNull()
  })

  it("is one of the same images under another name", () => {
    expect(recordedRehearsal(recorded(), { ...release, version: "1.1" })).not.toBeNull()
  })

  it.each([
    ["a run of another kind", recorded(exampleRehearsal(), { kind: "drill" })],
    ["a run that has not ended", recorded(exampleRehearsal(), { finishedAt: null })],
    ["a run that was interrupted", recorded(exampleRehearsal(), { result: null })],
  ])("is not seen in %s", (_what, operation) => {
    expect(recordedRehearsal(operation, release)).toBeNull()
  })
})

describe("a rehearsal that still counts", () => {
  const usable = (operations: readonly OperationRecord[], schemaVersion: string | null = "1"): Rehearsal | null =>
    usableRehearsal(operations, release, schemaVersion, NOW, DAY_MS)

  it("passed, is young enough, and found the schema as it is now", () => {
    expect(usable([recorded()])).toEqual(exampleRehearsal())
    expect(usable([recorded(exampleRehearsal({ at: daysAgo(1).toISOString() }))])).not.toBeNull()
    expect(usable([recorded()], null)).not.toBeNull()
  })

  it.each([
    ["failed", exampleRehearsal({ passed: false, why: "no" })],
    ["is too old", exampleRehearsal({ at: new Date(NOW.getTime() - DAY_MS - 1).toISOString() })],
    ["is of the future", exampleRehearsal({ at: daysAgo(-0.1).toISOString() })],
    ["found another schema", exampleRehearsal({ schema: { ...exampleRehearsal().schema, from: "0" } })],
  ])("is none that %s", (_what, rehearsal) => {
    expect(usable([recorded(rehearsal)])).toBeNull()
  })

  it("is the newest of this release: an older one that passed does not stand in for it", () => {
    expect(usable([recorded(exampleRehearsal({ passed: false })), recorded()])).toBeNull()
    const ofAnother = recorded(exampleRehearsal({ passed: false }), {}, exampleRelease("9.9.9"))
    expect(usable([ofAnother, exampleOperation(), recorded()])).not.toBeNull()
  })

  it.each(["update", "rollback", "restore", "undo", "rebuild", "adopt", "adopt-undo"] as const)(
    "does not outlive a run of kind %s",
    (kind) => {
      expect(usable([exampleOperation({ kind }), recorded()])).toBeNull()
      expect(usable([recorded(), exampleOperation({ kind })])).not.toBeNull()
    },
  )
})
