import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ago, app, DAY_MS, nextAfter, NOW, point, proof, withObjectives } from "../../test/fixture/posture.ts"
import type { AlarmFacts } from "./alarm-facts.ts"
import { isAlarmKind, type AlarmKind } from "./alarm-kinds.ts"
import { alarmsOf } from "./alarms.ts"

describe("every alarm", () => {
  const instant = fc.integer({ min: -40 * DAY_MS, max: 40 * DAY_MS }).map(ago)
  const anyFacts: fc.Arbitrary<AlarmFacts> = fc.record({
    schedules: fc.array(
      fc.record({
        app: fc.constantFrom("chat", "weave"),
        schedule: fc.constantFrom("schedules.nightly", "drills.monthly", "holdfast.read"),
        setAt: instant,
        nextAfter: fc.constant(nextAfter),
        slots: fc.array(
          fc.record({
            app: fc.constant("chat"),
            schedule: fc.constant("schedules.nightly"),
            slot: instant,
            handledAt: instant,
            outcome: fc.constantFrom("succeeded", "partial", "failed", "cancelled", "running", "skipped"),
            operationId: fc.option(fc.constant("op-1")),
            reason: fc.option(fc.string()),
            missed: fc.nat(),
          }),
        ),
        successes: fc.array(instant),
      }),
    ),
    apps: fc.array(
      fc.record({
        app: fc.constantFrom(app, withObjectives(DAY_MS, 10_000)),
        points: fc.array(
          fc
            .tuple(fc.nat(50), instant, fc.constantFrom("local", "offsite"), fc.nat(2000))
            .map(([sequence, startedAt, vault, rows]) => point(sequence, 0, { startedAt, vault, rows })),
        ),
        proofs: fc.array(fc.tuple(fc.nat(50), instant).map(([id, at]) => ({ ...proof(`p${id}`, "booted", 0), at }))),
        hasReceiver: fc.boolean(),
        seenAt: instant,
        copies: fc.array(fc.record({ from: fc.constant("local"), to: fc.constant("offsite"), setAt: instant, removable: fc.boolean() })),
        drillPeriodMs: fc.option(fc.nat(DAY_MS)),
      }),
    ),
    vaults: fc.array(
      fc.record({
        name: fc.constantFrom("local", "offsite"),
        used: fc.boolean(),
        removable: fc.boolean(),
        kitTaken: fc.boolean(),
        check: fc.option(
          fc.record({
            at: instant,
            openedAt: fc.option(instant),
            failingSince: fc.option(instant),
            errorCode: fc.option(fc.constantFrom("VAULT_REPLACED", "VAULT_UNREACHABLE", "VAULT_WRONG_KEY", "TOOL_FAILED")),
            message: fc.option(fc.string()),
          }),
        ),
      }),
    ),
    disks: fc.array(
      fc.record({ path: fc.constantFrom("/", "/var"), usedShare: fc.double({ min: 0, max: 1, noNaN: true }), availableBytes: fc.nat() }),
    ),
    receivers: fc.array(
      fc.record({
        id: fc.constantFrom("a", "b"),
        name: fc.string(),
        failures: fc.nat(5),
        failingSince: fc.option(instant),
        error: fc.option(fc.string()),
      }),
    ),
    settingsProblem: fc.option(fc.string()),
    open: fc.constant(new Set<string>()),
  })

  test("has a key of its own, a known kind, a text, a hint, and is the same for the same facts", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const alarms = alarmsOf(facts, NOW)
        expect(new Set(alarms.map(({ key }) => key)).size).toBe(alarms.length)
        for (const alarm of alarms) {
          expect(isAlarmKind(alarm.kind)).toBe(true)
          expect(alarm.key.startsWith(alarm.kind)).toBe(true)
          expect(alarm.text).not.toBe("")
          expect(alarm.hint).toMatch(/[.]$/)
          expect(alarm.hint).not.toContain("APP")
        }
        expect(alarmsOf(facts, NOW)).toEqual(alarms)
      }),
    )
  })

  test("of time stays until something happens: waiting never ends one", () => {
    const lasting: readonly AlarmKind[] = ["run-failed", "overdue", "proof-stale", "copy-missing", "vault-unreachable"]
    fc.assert(
      fc.property(anyFacts, fc.nat(40 * DAY_MS), (facts, laterMs) => {
        // What lies in the future now may have come by then.
        const past = (at: Date): boolean => at <= NOW
        const settled: AlarmFacts = {
          ...facts,
          schedules: facts.schedules.map((one) => ({
            ...one,
            slots: one.slots.filter(({ slot }) => past(slot)),
            successes: one.successes.filter(past),
          })),
          apps: facts.apps.map((one) => ({
            ...one,
            points: one.points.filter(({ startedAt }) => past(startedAt)),
            proofs: one.proofs.filter(({ at }) => past(at)),
          })),
        }
        const later = new Set(alarmsOf(settled, new Date(NOW.getTime() + laterMs)).map(({ key }) => key))
        for (const { key, kind } of alarmsOf(settled, NOW)) if (lasting.includes(kind)) expect(later).toContain(key)
      }),
    )
  })
})
