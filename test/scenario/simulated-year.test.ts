import { expect, test } from "vitest"
import type { SlotRecord } from "../../src/operation/ports.ts"
import { scheduleAlarms } from "../../src/posture/schedule-alarms.ts"
import { decideRetention, type RetentionPoint } from "../../src/retention/retention.ts"
import { nextRuns, type Entry } from "../../src/schedule/due.ts"
import { DEFAULT_KEEP } from "../../src/settings/resolve.ts"
import { entriesOf } from "../../src/surface/service/entries.ts"
import { gatherSchedules } from "../../src/surface/service/gather-schedule-facts.ts"
import type { JobEnd } from "../../src/surface/service/job.ts"
import { createRunner } from "../../src/surface/service/runner.ts"
import { createScheduler, settleSlots, type Scheduler } from "../../src/surface/service/scheduler.ts"
import { simulate, type Simulated } from "../fixture/clocked-house.ts"

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const at = (iso: string): Date => new Date(iso)

/** 400 days with the leap day of 2028 and two changes of the clocks in each place. */
const START = at("2027-09-01T12:00:00Z")
const END = new Date(START.getTime() + 400 * DAY_MS)

const SETTINGS = `vaults: { local: { path: /v } }
apps:
  chat:
    secrets: [./s]
    schedules:
      york:   { cron: "30 1 * * *", timezone: America/New_York }
      berlin: { cron: "30 2 * * *", timezone: Europe/Berlin }
      howe:   { cron: "15 2 * * *", timezone: Australia/Lord_Howe }
      leap:   { cron: "0 12 29 2 *", timezone: Etc/UTC }
      off:    { cron: "0 6 * * *", timezone: Etc/UTC, enabled: false }
    drills: { monthly: { cron: "0 4 1 * *", level: restored } }
`

const DOWN: readonly (readonly [Date, Date])[] = [
  [at("2027-10-10T00:00:00Z"), at("2027-10-10T20:00:00Z")],
  [at("2027-11-06T12:00:00Z"), at("2027-11-08T12:00:00Z")],
  [at("2028-02-27T12:00:00Z"), at("2028-03-05T12:00:00Z")],
]
const VAULT_AWAY = [at("2028-01-10T00:00:00Z"), at("2028-01-13T00:00:00Z")] as const
/** The clock is ahead by three days for one look, and set back by three hours once. */
const JUMP_AHEAD = at("2027-12-05T12:00:00Z")
const SET_BACK = at("2028-05-03T05:00:00Z")

interface Year {
  readonly entries: readonly Entry[]
  readonly slots: readonly SlotRecord[]
  readonly alarms: ReadonlyMap<string, readonly Date[]>
  readonly points: readonly RetentionPoint[]
}

const isIn = (instant: Date, [from, to]: readonly [Date, Date]): boolean => instant >= from && instant < to

/** One simulated backup or drill; a point that was made is judged by retention at once, as the service does it. */
function simulatedWork(world: Simulated): { run: (schedule: string) => JobEnd; points: () => readonly RetentionPoint[] } {
  let points: readonly RetentionPoint[] = []
  let sequence = 0
  const run = (schedule: string): JobEnd => {
    if (isIn(world.now(), VAULT_AWAY)) return { outcome: "failed", reason: "the vault does not answer" }
    if (schedule === "holdfast.read")
      points = points.map((point, index) => (index === points.length - 1 ? { ...point, proven: true } : point))
    if (!schedule.startsWith("schedules.")) return { outcome: "succeeded", reason: null }
    sequence += 1
    const point = { id: `p${sequence}`, sequence, startedAt: world.now(), group: "", proven: false, failed: false, suspicious: false }
    points = [...points, { ...point, pinned: false, migration: false, neededBy: null }]
    const decided = new Map(decideRetention(points, DEFAULT_KEEP, world.now(), "America/New_York").map((one) => [one.id, one]))
    const newestProven = points.findLast(({ proven }) => proven)
    expect(decided.get(point.id)?.keep).toBe(true)
    if (newestProven !== undefined) expect(decided.get(newestProven.id)?.keep).toBe(true)
    points = points.filter(({ id }) => decided.get(id)?.keep === true)
    return { outcome: "succeeded", reason: null }
  }
  return { run, points: () => points }
}

async function liveThroughTheYear(): Promise<Year> {
  const world = await simulate(SETTINGS, START)
  const work = simulatedWork(world)
  let processId = 1
  const boot = async (): Promise<{ scheduler: Scheduler; house: ReturnType<Simulated["boot"]>["house"] }> => {
    const { house } = world.boot((processId += 1))
    const run = async ({ due }: { due: { schedule: string } }): Promise<JobEnd> => await Promise.resolve(work.run(due.schedule))
    await settleSlots(house)
    return { house, scheduler: createScheduler(house, createRunner(house), { onEnd: () => undefined, run }) }
  }
  const doDue = async (scheduler: Scheduler): Promise<void> => {
    while ((await scheduler.pass()) > 0) await scheduler.idle()
  }
  let { scheduler, house } = await boot()
  const alarms = new Map<string, Date[]>()
  let watchedMs = 0
  let jumped = false
  let setBack = false
  while (world.now() < END) {
    await doDue(scheduler)
    if (!jumped && world.now() >= JUMP_AHEAD) {
      jumped = true
      const now = world.now()
      world.set(new Date(now.getTime() + 3 * DAY_MS))
      await doDue(scheduler)
      world.set(now)
      await doDue(scheduler)
    }
    if (!setBack && world.now() >= SET_BACK) {
      setBack = true
      world.set(new Date(world.now().getTime() - 3 * HOUR_MS))
      await doDue(scheduler)
    }
    if (world.now().getTime() - watchedMs >= DAY_MS) {
      watchedMs = world.now().getTime()
      for (const key of await alarmsNow(world, await house.settings())) alarms.set(key, [...(alarms.get(key) ?? []), world.now()])
    }
    const next = (await scheduler.nextAt()) ?? END
    const down = DOWN.find((window) => isIn(next, window))
    world.set(down === undefined ? next : down[1])
    if (down !== undefined) ({ scheduler, house } = await boot())
  }
  const entries = entriesOf(await house.settings())
  return { entries, slots: await allSlots(world, entries), alarms, points: work.points() }
}

async function alarmsNow(world: Simulated, settings: Parameters<typeof gatherSchedules>[1]): Promise<readonly string[]> {
  const facts = await gatherSchedules(world.store, settings, [], world.now())
  return facts.flatMap((one) => scheduleAlarms(one, world.now())).map(({ key }) => key)
}

async function allSlots(world: Simulated, entries: readonly Entry[]): Promise<readonly SlotRecord[]> {
  return (await Promise.all(entries.map(async ({ app, schedule }) => await world.store.slots({ app, schedule, limit: 1000 })))).flat()
}

const slotsInYear = (entry: Entry): readonly Date[] => nextRuns(entry, START, 1000).filter((slot) => slot < END)
const recordsOf = (year: Year, entry: Entry): readonly SlotRecord[] =>
  year.slots.filter(({ app, schedule }) => app === entry.app && schedule === entry.schedule)

test("a year of 400 days: every slot once, one catch-up after each downtime, floors hold, exactly the expected alarms", async () => {
  const year = await liveThroughTheYear()

  for (const entry of year.entries) {
    const owed = slotsInYear(entry)
    const handled = recordsOf(year, entry).map(({ slot }) => slot.getTime())
    const label = `${entry.app} ${entry.schedule}`
    expect(new Set(handled).size, label).toBe(handled.length)
    expect(
      handled.filter((slot) => !owed.some((one) => one.getTime() === slot)),
      `${label}: no slot that never was`,
    ).toEqual([])
    // What nobody ran lies in a downtime, and there all but the newest, which was caught up.
    const expectedMissing = DOWN.flatMap((window) => owed.filter((slot) => isIn(slot, window)).slice(0, -1))
    expect(
      owed.filter((slot) => !handled.includes(slot.getTime())),
      label,
    ).toEqual(expectedMissing)
    expect(recordsOf(year, entry).every(({ outcome }) => outcome !== "running" && outcome !== "skipped")).toBe(true)
  }
  expect(recordsOf(year, entryOf(year, "schedules.york"))).toHaveLength(400 - 1 - 6)
  expect(recordsOf(year, entryOf(year, "schedules.leap")).map(({ slot }) => slot)).toEqual([at("2028-02-29T12:00:00Z")])

  // Each catch-up tells how many were missed; the jump ahead was one run and no more.
  const missed = recordsOf(year, entryOf(year, "schedules.york")).filter((record) => record.missed > 0)
  expect(missed.map((record) => record.missed).toSorted((left, right) => left - right)).toEqual([1, 2, 6])

  // Once the newest points are proven, a year of three points a day is what the policy says.
  expect(year.points.length).toBeLessThan(35)
  expect(year.points.length).toBeGreaterThanOrEqual(3 + 4 + 12)

  const ringing = [...year.alarms.keys()].toSorted()
  const daily = ["chat:schedules.berlin", "chat:schedules.howe", "chat:schedules.york", "chat:holdfast.read"]
  const own = ["holdfast:holdfast.keys", "holdfast:holdfast.self"]
  const expected = [...daily, ...own].flatMap((name) => [`overdue:${name}`, `run-failed:${name}`]).toSorted()
  expect(ringing).toEqual(expected)
  for (const [key, times] of year.alarms) {
    const [from, to] = VAULT_AWAY
    const lastsUntil = new Date(to.getTime() + DAY_MS)
    expect(
      times.every((time) => isIn(time, [from, lastsUntil])),
      `${key} rings only while the vault is away`,
    ).toBe(true)
  }
})

function entryOf(year: Year, schedule: string): Entry {
  const found = year.entries.find((entry) => entry.schedule === schedule)
  if (found === undefined) throw new Error(`there is no ${schedule}`)
  return found
}
