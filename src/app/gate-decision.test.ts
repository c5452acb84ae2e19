import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { deadlineOf, gateBegun, nextProgress, type GateProgress, type GateRound, type GateRules } from "./gate-decision.ts"

const rules: GateRules = { consecutive: 3, stableForMs: 20_000, limitMs: 60_000, hardLimitMs: 300_000, loopAfter: 5 }

function round(atMs: number, changes: Partial<GateRound> = {}): GateRound {
  return {
    atMs,
    good: true,
    answeredAtMs: changes.good === false ? null : atMs,
    restarts: { api: 0, worker: 0 },
    underWay: null,
    ended: [],
    ...changes,
  }
}

function after(rounds: readonly GateRound[], of: GateRules = rules): GateProgress {
  return rounds.reduce((progress, seen) => nextProgress(progress, seen, of), gateBegun)
}

/** One round a second from `fromMs` up to and with `toMs`. */
function everySecond(fromMs: number, toMs: number, changes: (atMs: number) => Partial<GateRound> = () => ({})): readonly GateRound[] {
  return Array.from({ length: (toMs - fromMs) / 1000 + 1 }, (_, index) => fromMs + 1000 * index).map((atMs) => round(atMs, changes(atMs)))
}

describe("a gate over a window", () => {
  it("passes in the round in which it has been well for the whole window, not one earlier", () => {
    expect(after(everySecond(0, 19_000)).verdict).toBe("wait")
    expect(after(everySecond(0, 20_000)).verdict).toBe("passed")
  })

  it("wants the number of good rounds as well as the time", () => {
    expect(after([round(0), round(30_000)]).verdict).toBe("wait")
    expect(after([round(0), round(30_000), round(30_001)]).verdict).toBe("passed")
  })

  it("begins anew after one bad round", () => {
    const bad = [...everySecond(0, 19_000), round(20_000, { good: false })]
    expect(after([...bad, ...everySecond(21_000, 40_000)])).toMatchObject({ verdict: "wait", goodSinceMs: 21_000, goodInRow: 20 })
    expect(after([...bad, ...everySecond(21_000, 41_000)]).verdict).toBe("passed")
  })

  it("begins anew after a restart of any service, however well everything looks in every round", () => {
    const rounds = everySecond(0, 59_000, (atMs) => ({ restarts: { api: 0, worker: Math.floor(atMs / 15_000) } }))
    expect(after(rounds)).toMatchObject({ verdict: "wait", goodInRow: 15, goodSinceMs: 45_000 })
  })

  it.each<GateRound["restarts"]>([{ api: 0 }, { api: 0, worker: 0, more: 0 }, { api: 0, again: 0 }])(
    "begins anew with other containers than before (%j)",
    (restarts) => {
      expect(after([...everySecond(0, 10_000), round(11_000, { restarts })])).toMatchObject({ goodInRow: 1, goodSinceMs: 11_000 })
    },
  )

  it("fails at the deadline when it never became well", () => {
    const bad = (atMs: number): GateRound => round(atMs, { good: false })
    expect(after([bad(0), bad(59_999)]).verdict).toBe("wait")
    expect(after([bad(0), bad(60_000)]).verdict).toBe("failed")
  })

  it("lets what became well in time finish its window beyond the deadline, and fails at its first slip", () => {
    const late = [round(0, { good: false }), ...everySecond(59_000, 78_000)]
    expect(after(late).verdict).toBe("wait")
    expect(after([...late, round(79_000)]).verdict).toBe("passed")
    expect(after([...late, round(79_000, { good: false })]).verdict).toBe("failed")
    expect(after([...late, round(79_000, { restarts: { api: 0, worker: 1 } })]).verdict).toBe("failed")
  })

  it("takes what became well exactly at the deadline, and nothing later", () => {
    expect(after([round(0, { good: false }), round(60_000)]).verdict).toBe("wait")
    expect(after([round(0, { good: false }), round(60_001)]).verdict).toBe("failed")
  })

  it("waits on while something visibly works, gives it the whole time again after that, and stops at the hard limit", () => {
    const migrating = (atMs: number): GateRound => round(atMs, { good: false, underWay: "ALTER of chat is at work" })
    const bad = (atMs: number): GateRound => round(atMs, { good: false })
    expect(after([migrating(0), bad(60_000)]).verdict).toBe("failed")
    expect(after([migrating(1000), bad(60_000)]).verdict).toBe("wait")
    expect(after([migrating(1000), bad(61_000)]).verdict).toBe("failed")
    const long = everySecond(0, 119_000).map(({ atMs }) => migrating(atMs))
    expect(after(long)).toMatchObject({ verdict: "wait", underWay: { what: "ALTER of chat is at work", atMs: 119_000 } })
    expect(after([...long, bad(178_999)]).verdict).toBe("wait")
    expect(after([...long, bad(179_000)]).verdict).toBe("failed")
    const whole = everySecond(0, 299_000).map(({ atMs }) => migrating(atMs))
    expect(after(whole).verdict).toBe("wait")
    expect(after([...whole, migrating(300_000)]).verdict).toBe("failed")
  })

  it("fails early when a container has ended and is seen so twice, and not for two that end in turn", () => {
    const ended = (atMs: number, ...ids: readonly string[]): GateRound => round(atMs, { good: false, ended: ids })
    expect(after([ended(0, "api")]).verdict).toBe("wait")
    expect(after([ended(0, "api"), ended(1000, "worker", "api")]).verdict).toBe("failed")
    expect(after([ended(0, "api"), ended(1000, "worker")]).verdict).toBe("wait")
    expect(after([ended(0, "api"), round(1000, { good: false }), ended(2000, "api")]).verdict).toBe("wait")
  })

  it("fails early for a container that is restarted again and again, counted from when the gate began", () => {
    const restarted = (atMs: number, worker: number, changes: Partial<GateRound> = {}): GateRound =>
      round(atMs, { good: false, restarts: { api: 7, worker }, ...changes })
    expect(after([restarted(0, 3), restarted(1000, 7)]).verdict).toBe("wait")
    expect(after([restarted(0, 3), restarted(1000, 8)]).verdict).toBe("failed")
    expect(after([round(0), round(1000, { good: false, restarts: { api: 0, worker: 0, later: 5 } })]).verdict).toBe("failed")
    expect(after([restarted(0, 3), restarted(1000, 8)], { ...rules, loopAfter: null }).verdict).toBe("wait")
  })

  it("lets a container that waits for a migration restart until the plain deadline, which the migration then does not move", () => {
    const waits = (atMs: number): GateRound =>
      round(atMs, { good: false, restarts: { api: 0, worker: atMs / 1000 }, underWay: "a migration" })
    const long = everySecond(0, 59_000).map(({ atMs }) => waits(atMs))
    expect(after(long).verdict).toBe("wait")
    expect(after([...long, waits(60_000)]).verdict).toBe("failed")
  })

  it("tells since when the app has answered without a break, whatever its other services do", () => {
    const answers = [round(0, { good: false }), round(500, { good: false, answeredAtMs: 480 }), round(1500, { answeredAtMs: 1480 })]
    expect(after(answers).answeredSinceMs).toBe(480)
    expect(after([...answers, round(2500, { good: false })]).answeredSinceMs).toBeNull()
    expect(after([...answers, round(2500, { good: false }), round(3500)]).answeredSinceMs).toBe(3500)
  })

  it("keeps its verdict", () => {
    const passed = after(everySecond(0, 20_000))
    expect(nextProgress(passed, round(21_000, { good: false }), rules)).toBe(passed)
  })
})

describe("a gate without a window", () => {
  const plain: GateRules = { consecutive: 3, stableForMs: 0, limitMs: 10_000, hardLimitMs: 10_000, loopAfter: null }

  it("passes with the third good round in a row, also at the deadline itself", () => {
    expect(after([round(0), round(1), round(2)], plain).verdict).toBe("passed")
    expect(after([round(0, { good: false }), round(1), round(2), round(10_000)], plain).verdict).toBe("passed")
    expect(after([round(0, { good: false }), round(1), round(10_000)], plain).verdict).toBe("failed")
  })
})

describe("the deadline", () => {
  it("is never beyond the hard limit, also where that is the shorter one", () => {
    expect(deadlineOf({ underWay: null }, { limitMs: 10, hardLimitMs: 5 })).toBe(5)
    expect(deadlineOf({ underWay: { what: "x", atMs: 3 } }, { limitMs: 10, hardLimitMs: 12 })).toBe(12)
    expect(deadlineOf({ underWay: { what: "x", atMs: 1 } }, { limitMs: 10, hardLimitMs: 12 })).toBe(11)
  })
})

const someRules: fc.Arbitrary<GateRules> = fc
  .record({
    consecutive: fc.integer({ min: 1, max: 4 }),
    stableForMs: fc.nat(30),
    limitMs: fc.integer({ min: 1, max: 60 }),
    more: fc.nat(100),
  })
  .map(({ more, ...rest }) => ({ ...rest, hardLimitMs: rest.limitMs + more, loopAfter: null }))

const someRounds: fc.Arbitrary<readonly GateRound[]> = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 8 }),
      good: fc.boolean(),
      answered: fc.boolean(),
      restarts: fc.record({ api: fc.nat(1), worker: fc.nat(2) }),
      underWay: fc.option(fc.constant("a migration"), { freq: 3 }),
      ended: fc.subarray(["api", "worker"], { maxLength: 1 }),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let atMs = 0
    return steps.map(({ step, good, answered, ended, ...rest }) => {
      atMs += step
      return { ...rest, atMs, good, ended: good ? [] : ended, answeredAtMs: good || answered ? atMs : null }
    })
  })

describe("whatever the rounds see", () => {
  const untilVerdict = (rounds: readonly GateRound[], of: GateRules): { seen: readonly GateRound[]; end: GateProgress } => {
    let end = gateBegun
    const seen: GateRound[] = []
    for (const one of rounds) {
      if (end.verdict !== "wait") break
      seen.push(one)
      end = nextProgress(end, one, of)
    }
    return { seen, end }
  }

  it("passes exactly when a run of good rounds without a restart is long enough", () => {
    fc.assert(
      fc.property(someRounds, someRules, (rounds, of) => {
        const { seen, end } = untilVerdict(rounds, of)
        const last = seen.at(-1)
        if (last === undefined) return
        let from = seen.length
        while (from > 0 && seen[from - 1]?.good === true && JSON.stringify(seen[from - 1]?.restarts) === JSON.stringify(last.restarts))
          from -= 1
        const run = seen.slice(from)
        const enough = run.length >= of.consecutive && last.atMs - (run[0]?.atMs ?? last.atMs) >= of.stableForMs && run.length > 0
        expect(end.verdict === "passed").toBe(enough)
      }),
    )
  })

  it("never waits beyond the hard limit and one window, and never fails before the plain limit but for a container that ended", () => {
    fc.assert(
      fc.property(someRounds, someRules, (rounds, of) => {
        const { seen, end } = untilVerdict(rounds, of)
        const last = seen.at(-1)
        if (last === undefined) return
        if (end.verdict === "wait") expect(last.atMs).toBeLessThan(of.hardLimitMs + of.stableForMs + 1)
        const endedTwice = seen.some((one, index) => one.ended.some((id) => seen[index - 1]?.ended.includes(id) === true))
        if (end.verdict === "failed" && !endedTwice) expect(last.atMs).toBeGreaterThanOrEqual(of.limitMs)
      }),
    )
  })
})
