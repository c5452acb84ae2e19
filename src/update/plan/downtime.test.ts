import { describe, expect, it } from "vitest"
import { daysAgo, exampleOperation, exampleRehearsal } from "../../../test/fixture/update.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { predictDowntime, type DowntimeFacts } from "./downtime.ts"

const clone = { way: "clone" as const, captureMs: 9000 }
const cold = { way: "cold-point" as const, captureMs: 9000 }

function facts(more: Partial<DowntimeFacts> = {}): DowntimeFacts {
  return { operations: [], graceMs: 10_000, databases: [clone], rehearsal: exampleRehearsal({ cloneMs: 500, startMs: 4000 }), ...more }
}

/** A run whose steps begin so many milliseconds after another. */
function run(steps: readonly (readonly [string, number])[], more: Partial<OperationRecord> = {}): OperationRecord {
  let atMs = daysAgo(1).getTime()
  const taken = steps.map(([name, lastsMs], index) => {
    const at = new Date(atMs)
    atMs += lastsMs
    return { index, name, state: "done" as const, details: null, result: null, at }
  })
  return exampleOperation({ kind: "update", steps: taken, finishedAt: new Date(atMs), ...more })
}

describe("the time without the app", () => {
  it("is stopping, copying, migrating and starting, each as it was measured", () => {
    expect(predictDowntime(facts())).toBe(10_000 + 500 + 4000)
    expect(
      predictDowntime(facts({ rehearsal: exampleRehearsal({ cloneMs: 500, startMs: 4000, migrateMs: 700, preFlightMs: 90_000 }) })),
    ).toBe(15_200)
  })

  it("counts stopping as it last took, in whichever run, instead of the longest that it may take", () => {
    expect(
      predictDowntime(
        facts({
          operations: [
            exampleOperation(),
            run([
              ["prepare", 5],
              ["stop-writers", 1200],
              ["clone-database", 1],
            ]),
          ],
        }),
      ),
    ).toBe(5700)
    const backup = run(
      [
        ["stop-app", 300],
        ["stop-app", 400],
      ],
      { kind: "backup" },
    )
    expect(predictDowntime(facts({ operations: [backup, run([["stop-writers", 1200]])] }))).toBe(700 + 4500)
  })

  it("counts stopping as the rehearsal measured it, as long as it was never done live", () => {
    const rehearsal = exampleRehearsal({ cloneMs: 500, startMs: 4000, stopMs: 800 })
    expect(predictDowntime(facts({ rehearsal }))).toBe(800 + 4500)
    expect(predictDowntime(facts({ rehearsal, operations: [run([["stop-writers", 1200]])] }))).toBe(1200 + 4500)
  })

  it("takes the copy from the last update where the rehearsal could not measure it, and is unknown where nobody did", () => {
    const rehearsal = exampleRehearsal({ startMs: 4000 })
    const before = run([
      ["clone-database", 600],
      ["clone-database", 50],
      ["start", 1],
    ])
    expect(predictDowntime(facts({ rehearsal, operations: [before] }))).toBe(10_000 + 650 + 4000)
    expect(predictDowntime(facts({ rehearsal }))).toBeNull()
    expect(predictDowntime(facts({ rehearsal, databases: [] }))).toBe(14_000)
  })

  it("adds the capture of what cannot be copied, and is unknown where that was never taken", () => {
    expect(predictDowntime(facts({ databases: [cold] }))).toBe(10_000 + 9000 + 4000)
    expect(predictDowntime(facts({ databases: [clone, cold, cold] }))).toBe(10_000 + 500 + 18_000 + 4000)
    expect(predictDowntime(facts({ databases: [{ ...cold, captureMs: null }] }))).toBeNull()
  })

  it("does not count steps that were not done, nor guess how long the last step of a run that has not ended took", () => {
    const half = run([["stop-writers", 1200]])
    const failed = { ...half, steps: half.steps.map((step) => ({ ...step, state: "failed" as const })) }
    expect(predictDowntime(facts({ operations: [failed] }))).toBe(14_500)
    expect(predictDowntime(facts({ operations: [{ ...half, finishedAt: null }] }))).toBe(14_500)
  })

  it("is what the last applied update took where there is no rehearsal, or none that passed; else unknown", () => {
    const applied = run([], { result: { outcome: "applied", downtimeMs: 2500 } })
    const rolledBack = run([], { outcome: "failed", result: { outcome: "rolled back", downtimeMs: 99_000 } })
    expect(predictDowntime(facts({ rehearsal: null, operations: [rolledBack, applied] }))).toBe(2500)
    expect(predictDowntime(facts({ rehearsal: exampleRehearsal({ passed: false }), operations: [applied] }))).toBe(2500)
    expect(predictDowntime(facts({ rehearsal: null, operations: [rolledBack] }))).toBeNull()
    expect(predictDowntime(facts({ rehearsal: null, operations: [{ ...applied, kind: "restore" }] }))).toBeNull()
  })
})
