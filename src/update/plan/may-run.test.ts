import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { daysAgo, exampleOperation, exampleRehearsal, exampleRelease, NOW, recordedPlan } from "../../../test/fixture/update.ts"
import { mayUpdateByItself, type MayUpdate } from "./may-run.ts"
import type { UpdatePlan } from "../update-plan.ts"

const HOUR_MS = 3_600_000
/** NOW is a Sunday, half past three. */
const rules = { automatic: true, window: "Sun 03:00-05:00", timezone: "UTC", minimumAgeMs: 0, stabilityMs: 60_000 }
type Asked = Pick<UpdatePlan, "from" | "to" | "hopsAfter" | "predictedDowntimeMs" | "rehearsal" | "unnamed">

const plan: Asked = {
  from: { version: "1.0.0", images: {} },
  to: exampleRelease("1.1.0"),
  hopsAfter: [],
  predictedDowntimeMs: 20_000,
  rehearsal: exampleRehearsal(),
  unnamed: [],
}
const failed = exampleOperation({
  kind: "update",
  outcome: "failed",
  plan: recordedPlan(plan.to),
  result: { outcome: "rolled back" },
})

function ask(ruled: Partial<typeof rules> | { window: null } = {}, planned: Partial<Asked> = {}, now = NOW): MayUpdate {
  return mayUpdateByItself({ ...rules, ...ruled }, { ...plan, ...planned }, null, now, [])
}

describe("an update that nobody watches", () => {
  it("runs inside its window when everything is known to be well", () => {
    expect(ask()).toEqual({ may: true })
  })

  it.each([
    ["that is switched off", ask({ automatic: false }), "automatic updates are switched off"],
    ["without a window", ask({ window: null }), "no window is set in which updates may run by themselves"],
    ["in several steps", ask({}, { hopsAfter: ["1.2.0", "2.0.0"] }), "it takes several steps to 2.0.0, and each is confirmed by a person"],
    ["to another major version", ask({}, { to: exampleRelease("2.0.0") }), "from 1.0.0 to 2.0.0 is a major update"],
    [
      "to another minor version before 1.0",
      ask({}, { from: { version: "0.24.6", images: {} }, to: exampleRelease("0.25.0") }),
      "from 0.24.6 to 0.25.0 is a major update",
    ],
    [
      "from an unknown version",
      ask({}, { from: { version: null, images: {} } }),
      "the running version is not known, so this may be a major update",
    ],
    [
      "to what is no version",
      ask({}, { to: exampleRelease("latest") }),
      "latest is not a version with numbers, so this may be a major update",
    ],
    [
      "of data that no point holds",
      ask({}, { unnamed: ["volume chat_media", "/srv/x"] }),
      "no point holds volume chat_media, /srv/x, so a rollback would not take it back",
    ],
    ["that was not rehearsed", ask({}, { rehearsal: null }), "1.1.0 has not passed a rehearsal here"],
    ["whose rehearsal failed", ask({}, { rehearsal: exampleRehearsal({ passed: false }) }), "1.1.0 has not passed a rehearsal here"],
    ["of unknown duration", ask({}, { predictedDowntimeMs: null }), "how long the app would be away is not known"],
    ["longer than any window", ask({}, { predictedDowntimeMs: 2 * HOUR_MS }), "it needs 2 h 1 min, the whole window is 2 h"],
    ["that failed here", mayUpdateByItself(rules, plan, null, NOW, [failed]), "1.1.0 failed here on 2026-06-06T03:30:00.000Z"],
    [
      "of unknown age",
      mayUpdateByItself({ ...rules, minimumAgeMs: HOUR_MS }, plan, null, NOW, []),
      "nobody says how old the release is, and 1 h are asked for",
    ],
  ])("is left to a person when it is one %s", (_what, answer, why) => {
    expect(answer).toEqual({ may: false, later: false, why })
  })

  it("is found in a registry only when it is old enough, and is not asked for its age again", () => {
    const asked = { ...plan, to: exampleRelease("1.1.0", { foundIn: "registry" }) }
    expect(mayUpdateByItself({ ...rules, minimumAgeMs: HOUR_MS }, asked, null, NOW, [])).toEqual({ may: true })
    expect(mayUpdateByItself({ ...rules, minimumAgeMs: HOUR_MS }, asked, NOW, NOW, [])).toMatchObject({ may: false, later: true })
  })

  it("goes up within a major version, also before 1.0, and from a tag with a v", () => {
    expect(ask({}, { from: { version: "v0.24.5", images: {} }, to: exampleRelease("0.24.6") })).toEqual({ may: true })
  })

  it("waits for its window, for one with time enough, and for a release to be old enough", () => {
    expect(ask({}, {}, new Date("2026-06-07T02:59:59Z"))).toEqual({
      may: false,
      later: true,
      why: "the window (Sun 03:00-05:00) is not open",
    })
    expect(ask({}, { predictedDowntimeMs: 90 * 60_000 })).toMatchObject({
      may: false,
      later: true,
      why: "it needs 1 h 31 min, the window closes in 1 h 30 min",
    })
    const young = mayUpdateByItself({ ...rules, minimumAgeMs: 24 * HOUR_MS }, plan, daysAgo(0.5), NOW, [])
    expect(young).toEqual({ may: false, later: true, why: "the release is 12 h old, 24 h are asked for" })
    expect(mayUpdateByItself({ ...rules, minimumAgeMs: 24 * HOUR_MS }, plan, daysAgo(1), NOW, [])).toEqual({ may: true })
  })

  it("ends, watched time included, before its window closes, whenever it is asked", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 * 24 * 3600 }),
        fc.nat(3 * HOUR_MS),
        fc.nat(HOUR_MS),
        (second, predictedDowntimeMs, stabilityMs) => {
          const now = new Date(NOW.getTime() + 1000 * second)
          const answer = ask({ stabilityMs }, { predictedDowntimeMs }, now)
          const day = Math.floor(now.getTime() / (24 * HOUR_MS)) * 24 * HOUR_MS
          const fits =
            now.getUTCDay() === 0 &&
            now.getTime() >= day + 3 * HOUR_MS &&
            now.getTime() + predictedDowntimeMs + stabilityMs <= day + 5 * HOUR_MS &&
            now.getTime() < day + 5 * HOUR_MS
          expect(answer.may).toBe(fits)
        },
      ),
    )
  })
})
