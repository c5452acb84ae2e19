import { describe, expect, it } from "vitest"
import { daysAgo, exampleOperation, exampleRehearsal, exampleRelease, recordedPlan } from "../../../test/fixture/update.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { failedBefore } from "./failed-before.ts"
import { rehearsalToJson, triedOf } from "../rehearse/rehearsal-record.ts"

const release = exampleRelease()

function update(more: Partial<OperationRecord>, of = release): OperationRecord {
  return exampleOperation({ id: "op-update", kind: "update", plan: recordedPlan(of), ...more })
}
const rolledBack = update({ outcome: "failed", result: { outcome: "rolled back", why: "worker restarts" } })
const applied = update({ result: { outcome: "applied", why: null } })
const rehearsed = (passed: boolean): OperationRecord =>
  exampleOperation({
    kind: "rehearse",
    plan: { ...triedOf(release) },
    outcome: passed ? "succeeded" : "failed",
    result: rehearsalToJson(exampleRehearsal({ passed, why: passed ? null : "it says no" })),
  })

describe("a release that failed here before", () => {
  it("was rolled back, failed its rehearsal, or was taken back by a person", () => {
    expect(failedBefore([rolledBack], release)).toEqual({ at: daysAgo(1), how: "update", why: "worker restarts" })
    expect(failedBefore([rehearsed(false)], release)).toEqual({ at: daysAgo(1), how: "rehearsal", why: "it says no" })
    const inUpdate = update({ outcome: "failed", errorCode: "UPDATE_REHEARSAL_FAILED", message: "did not pass" })
    expect(failedBefore([inUpdate], release)).toEqual({ at: daysAgo(1), how: "rehearsal", why: "did not pass" })
    const takenBack = exampleOperation({ id: "op-back", kind: "rollback", plan: { operationId: "op-update" } })
    expect(failedBefore([takenBack, applied], release)).toEqual({ at: daysAgo(1), how: "rollback", why: null })
  })

  it("is known by its images, whatever it was called", () => {
    expect(failedBefore([rolledBack], { ...release, version: "1.1.0-again" })).not.toBeNull()
    expect(failedBefore([rolledBack], exampleRelease("1.1.1"))).toBeNull()
  })

  it("is forgiven when it did well since", () => {
    expect(failedBefore([applied, rolledBack], release)).toBeNull()
    expect(failedBefore([rehearsed(true), rehearsed(false)], release)).toBeNull()
    expect(failedBefore([rehearsed(false), rehearsed(true)], release)).not.toBeNull()
  })

  it.each([
    ["still runs", update({ finishedAt: null, outcome: null })],
    ["was interrupted", update({ outcome: "failed", errorCode: "INTERRUPTED" })],
    ["was refused", update({ outcome: "failed", errorCode: "PLAN_STALE" })],
    ["was cancelled", update({ outcome: "cancelled", errorCode: "OPERATION_CANCELLED" })],
    ["has an unreadable plan", { ...rolledBack, plan: "?" }],
    ["is of another kind", { ...rolledBack, kind: "restore" as const }],
  ])("is not blamed for a run that %s, which does not hide an earlier failure either", (_what, operation) => {
    expect(failedBefore([operation], release)).toBeNull()
    expect(failedBefore([operation, rehearsed(false)], release)).not.toBeNull()
  })

  it("is not blamed for a rollback of another update, or one that did not succeed", () => {
    const other = exampleOperation({ kind: "rollback", plan: { operationId: "op-other" } })
    const failed = exampleOperation({ kind: "rollback", plan: { operationId: "op-update" }, outcome: "failed" })
    expect(failedBefore([other, failed, applied], release)).toBeNull()
  })
})
