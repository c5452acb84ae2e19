import { expect, test } from "vitest"
import { decideRetention, type RetentionPoint } from "./retention.ts"

const NOW = new Date("2027-06-01T00:00:00Z")

export const pointAt = (sequence: number, startedAt: string, more: Partial<RetentionPoint> = {}): RetentionPoint => ({
  id: `p${sequence}`,
  sequence,
  startedAt: new Date(startedAt),
  group: "",
  proven: true,
  failed: false,
  suspicious: false,
  pinned: false,
  migration: false,
  neededBy: null,
  ...more,
})

const days = (count: number, more: (sequence: number) => Partial<RetentionPoint> = () => ({})): RetentionPoint[] =>
  Array.from({ length: count }, (_, index) => pointAt(index + 1, new Date(Date.UTC(2026, 3, index + 1, 3)).toISOString(), more(index + 1)))

const kept = (
  ...[points, policy, timezone = "Etc/UTC", now = NOW]: [RetentionPoint[], Parameters<typeof decideRetention>[1], string?, Date?]
) =>
  decideRetention(points, policy, now, timezone)
    .filter((decision) => decision.keep)
    .map((decision) => decision.id)

const rulesOf = (points: RetentionPoint[], policy: Parameters<typeof decideRetention>[1], id: string) =>
  decideRetention(points, policy, NOW, "Etc/UTC")
    .find((decision) => decision.id === id)
    ?.reasons.map((reason) => reason.rule)

test("decisions come newest first, each with every reason", () => {
  expect(decideRetention(days(3), { last: 1, daily: 2 }, NOW, "Etc/UTC")).toEqual([
    {
      id: "p3",
      keep: true,
      reasons: [
        { rule: "last", text: "one of the last 1" },
        { rule: "daily", text: "newest of the day 2026-04-03" },
        { rule: "newest", text: "the newest point" },
        { rule: "newest-proven", text: "the newest proven point" },
      ],
    },
    { id: "p2", keep: true, reasons: [{ rule: "daily", text: "newest of the day 2026-04-02" }] },
    { id: "p1", keep: false, reasons: [{ rule: "unneeded", text: "no rule keeps it" }] },
  ])
})

test("a bucket takes the newest point of each of the last periods that have points; gaps use up no place", () => {
  const points = [
    pointAt(1, "2026-01-05T03:00:00Z"),
    pointAt(2, "2026-02-09T03:00:00Z"),
    pointAt(3, "2026-04-01T03:00:00Z"),
    pointAt(4, "2026-04-01T09:00:00Z"),
  ]
  expect(kept(points, { daily: 3 })).toEqual(["p4", "p2", "p1"])
})

test("days are those of the schedule's timezone", () => {
  const points = [pointAt(1, "2026-04-01T03:30:00Z"), pointAt(2, "2026-04-01T04:30:00Z"), pointAt(3, "2026-04-01T13:00:00Z")]
  expect(kept(points, { daily: 9 }, "Etc/UTC")).toEqual(["p3"])
  expect(kept(points, { daily: 9 }, "America/New_York")).toEqual(["p3", "p1"])
  expect(kept(points, { daily: 9 }, "Asia/Tokyo")).toEqual(["p3"])
})

test("the hour that an autumn night has twice is two hours", () => {
  const points = [pointAt(1, "2026-11-01T05:30:00Z"), pointAt(2, "2026-11-01T06:30:00Z"), pointAt(3, "2026-11-01T07:30:00Z")]
  expect(kept(points, { hourly: 9 }, "America/New_York")).toEqual(["p3", "p2", "p1"])
})

test("hours are told apart within one day and the same hour of two days", () => {
  const points = [
    pointAt(1, "2026-04-01T05:10:00Z"),
    pointAt(2, "2026-04-02T05:10:00Z"),
    pointAt(3, "2026-04-02T05:50:00Z"),
    pointAt(4, "2026-04-02T06:00:00Z"),
  ]
  expect(kept(points, { hourly: 9 })).toEqual(["p4", "p3", "p1"])
  expect(rulesOf(points, { hourly: 9 }, "p4")).toContain("hourly")
  expect(decideRetention(points, { hourly: 1 }, NOW, "America/New_York")[0]?.reasons[0]?.text).toBe(
    "newest of the hour 2026-04-02 02:00 GMT-04:00",
  )
})

test("midnight belongs to the new day, in a zone whose change falls on it too", () => {
  const points = [pointAt(1, "2026-04-01T23:59:59Z"), pointAt(2, "2026-04-02T00:00:00Z")]
  expect(kept(points, { daily: 9 })).toEqual(["p2", "p1"])
  expect(decideRetention(points, { hourly: 2 }, NOW, "Etc/UTC")[0]?.reasons[0]?.text).toBe("newest of the hour 2026-04-02 00:00 GMT+00:00")
})

test("a day that Pacific/Apia left out joins nothing", () => {
  const points = [pointAt(1, "2011-12-30T09:59:00Z"), pointAt(2, "2011-12-30T10:00:00Z"), pointAt(3, "2011-12-31T09:00:00Z")]
  expect(kept(points, { daily: 9 }, "Pacific/Apia")).toEqual(["p3", "p1"])
  expect(decideRetention(points, { daily: 9 }, NOW, "Pacific/Apia").map((decision) => decision.reasons[0]?.text)).toEqual([
    "newest of the day 2011-12-31",
    "no rule keeps it",
    "newest of the day 2011-12-29",
  ])
})

test.each([
  ["2020-12-31", "2020-W53"],
  ["2021-01-03", "2020-W53"],
  ["2021-01-04", "2021-W01"],
  ["2024-12-29", "2024-W52"],
  ["2024-12-30", "2025-W01"],
  ["2026-01-01", "2026-W01"],
  ["2027-01-01", "2026-W53"],
  ["2026-04-19", "2026-W16"],
  ["2026-04-20", "2026-W17"],
])("%s is in the ISO week %s", (day, week) => {
  const [decision] = decideRetention([pointAt(1, `${day}T12:00:00Z`)], { weekly: 1 }, NOW, "Etc/UTC")
  expect(decision?.reasons[0]).toEqual({ rule: "weekly", text: `newest of the week ${week}` })
})

test("months and years take their newest point", () => {
  const points = [
    pointAt(1, "2024-05-01T00:00:00Z"),
    pointAt(2, "2025-05-01T00:00:00Z"),
    pointAt(3, "2025-05-02T00:00:00Z"),
    pointAt(4, "2025-06-01T00:00:00Z"),
  ]
  expect(kept(points, { monthly: 2 })).toEqual(["p4", "p3"])
  expect(kept(points, { yearly: 2 })).toEqual(["p4", "p1"])
  expect(decideRetention(points, { monthly: 1 }, NOW, "Etc/UTC")[0]?.reasons[0]?.text).toBe("newest of the month 2025-06")
  expect(decideRetention(points, { yearly: 1 }, NOW, "Etc/UTC")[0]?.reasons[0]?.text).toBe("newest of the year 2025")
})

test("`within` is measured back from the newest point and takes its edge in", () => {
  const points = days(5)
  expect(kept(points, { withinMs: 2 * 86_400_000 })).toEqual(["p5", "p4", "p3"])
  expect(kept(points, { withinMs: 2 * 86_400_000 - 1 })).toEqual(["p5", "p4"])
  expect(rulesOf(points, { withinMs: 86_400_000 }, "p4")).toEqual(["within"])
  expect(decideRetention(points, { withinMs: 86_400_000 }, NOW, "Etc/UTC")[1]?.reasons).toEqual([
    { rule: "within", text: "younger than the policy's `within`" },
  ])
})

test("a clock that runs years ahead makes `within` delete nothing more", () => {
  expect(kept(days(5), { withinMs: 86_400_000 }, "Etc/UTC", new Date("2040-01-01T00:00:00Z"))).toEqual(["p5", "p4"])
})

test("`last` alone keeps that many (as chatalot-snapshot's prune does)", () => {
  expect(kept(days(8), { last: 5 })).toEqual(["p8", "p7", "p6", "p5", "p4"])
})

test("order is by sequence, also when clocks disagree", () => {
  const points = [pointAt(1, "2026-04-05T00:00:00Z"), pointAt(2, "2026-04-01T00:00:00Z"), pointAt(3, "1970-01-01T00:00:10Z")]
  expect(kept(points, { last: 1 })).toEqual(["p3"])
  expect(kept(points, { last: 2 })).toEqual(["p3", "p2"])
})

test("equal sequences are ordered by instant, then by id", () => {
  const points = [pointAt(7, "2026-04-01T00:00:00Z", { id: "a" }), pointAt(7, "2026-04-02T00:00:00Z", { id: "b" })]
  expect(kept(points, { last: 1 })).toEqual(["b"])
  const twins = [pointAt(7, "2026-04-01T00:00:00Z", { id: "a" }), pointAt(7, "2026-04-01T00:00:00Z", { id: "b" })]
  expect(kept(twins, { last: 1 })).toEqual(["b"])
  expect(kept(twins.toReversed(), { last: 1 })).toEqual(["b"])
})

test("the newest proven point stays, and so does everything newer than it", () => {
  const points = days(6, (sequence) => ({ proven: sequence <= 3 }))
  expect(kept(points, { last: 1 })).toEqual(["p6", "p5", "p4", "p3"])
  expect(rulesOf(points, { last: 1 }, "p3")).toEqual(["newest-proven"])
  expect(decideRetention(points, { last: 1 }, NOW, "Etc/UTC")[1]?.reasons).toEqual([
    { rule: "nothing-better", text: "no newer point is proven and unsuspicious" },
  ])
})

test("without any proven point nothing goes", () => {
  expect(
    kept(
      days(6, () => ({ proven: false })),
      { last: 1 },
    ),
  ).toHaveLength(6)
})

test("while all newer points failed or are suspicious, older ones are held", () => {
  const failed = days(6, (sequence) => ({ failed: sequence > 2 }))
  expect(kept(failed, { last: 1 })).toEqual(["p6", "p5", "p4", "p3", "p2"])
  const suspicious = days(6, (sequence) => ({ suspicious: sequence > 2 }))
  expect(kept(suspicious, { daily: 1 })).toEqual(["p6", "p5", "p4", "p3", "p2"])
})

test("a failed point takes no place and may go once a newer one is good", () => {
  const points = days(4, (sequence) => ({ failed: sequence === 3 }))
  expect(kept(points, { last: 2 })).toEqual(["p4", "p2"])
})

test("a suspicious point takes no place and is never removed by a policy", () => {
  const points = days(4, (sequence) => ({ suspicious: sequence === 2 }))
  expect(kept(points, { last: 1 })).toEqual(["p4", "p2"])
  expect(decideRetention(points, { last: 1 }, NOW, "Etc/UTC")[2]?.reasons).toEqual([
    { rule: "suspicious", text: "suspicious: a person decides" },
  ])
  expect(kept(points, { last: 3 })).toEqual(["p4", "p3", "p2", "p1"])
})

test("a future-dated point never counts as the newest good one, and its age being unknown it stays", () => {
  const points = [...days(3), pointAt(4, "2036-01-01T00:00:00Z")]
  expect(kept(points, { last: 1 })).toEqual(["p4", "p3"])
  expect(rulesOf(points, { last: 1 }, "p3")).toContain("newest-proven")
  expect(decideRetention(points, { last: 1 }, NOW, "Etc/UTC")[0]?.reasons).toContainEqual({
    rule: "future",
    text: "dated in the future: its age is not known",
  })
})

test("a point of this very instant is not in the future", () => {
  const points = [...days(3), pointAt(4, NOW.toISOString())]
  expect(kept(points, { last: 1 })).toEqual(["p4"])
})

test("pinned points and safety points of revocable operations survive every policy", () => {
  const points = days(5, (sequence) => ({ pinned: sequence === 1, neededBy: sequence === 2 ? "20260419t120000-3f9a1c" : null }))
  expect(kept(points, { last: 1 })).toEqual(["p5", "p2", "p1"])
  const decisions = decideRetention(points, { last: 1 }, NOW, "Etc/UTC")
  expect(decisions[4]?.reasons).toEqual([{ rule: "pinned", text: "pinned" }])
  expect(decisions[3]?.reasons).toEqual([
    { rule: "safety", text: "the safety point of operation 20260419t120000-3f9a1c, which can still be undone" },
  ])
})

test("the two newest migration points stay, older ones go", () => {
  const points = days(6, (sequence) => ({ migration: sequence <= 3 }))
  expect(kept(points, { last: 1 })).toEqual(["p6", "p3", "p2"])
  expect(decideRetention(points, { last: 1 }, NOW, "Etc/UTC")[3]?.reasons).toEqual([
    { rule: "migration", text: "one of the 2 newest migration points" },
  ])
})

test("points that lack parts compete among themselves and never stand in for whole ones", () => {
  const points = days(5, (sequence) => ({ group: sequence > 3 ? "without files:uploads" : "" }))
  expect(kept(points, { last: 1 })).toEqual(["p5", "p3"])
  const unproven = days(5, (sequence) => ({ group: sequence > 3 ? "without files:uploads" : "", proven: sequence > 3 }))
  expect(kept(unproven, { last: 1 })).toEqual(["p5", "p3", "p2", "p1"])
})

test("a whole good point releases older partial ones", () => {
  const points = days(5, (sequence) => ({ group: sequence < 3 ? "safety" : "", proven: sequence > 3 }))
  expect(kept(points, { last: 1 })).toEqual(["p5", "p2"])
})

test("no points give no decisions", () => {
  expect(decideRetention([], { last: 1 }, NOW, "Etc/UTC")).toEqual([])
})

test("years before 1000 keep four digits, so that keys compare and dates parse", () => {
  const [decision] = decideRetention([pointAt(1, "0999-03-01T12:00:00Z")], { daily: 1, weekly: 1 }, NOW, "Etc/UTC")
  expect(decision?.reasons.slice(0, 2).map((reason) => reason.text)).toEqual(["newest of the day 0999-03-01", "newest of the week 999-W09"])
})
