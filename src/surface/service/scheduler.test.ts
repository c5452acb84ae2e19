import { describe, expect, it } from "vitest"
import { simulate, type Simulated } from "../../../test/fixture/clocked-house.ts"
import type { SlotRecord } from "../../operation/ports.ts"
import type { JobEnd, JobRun } from "./job.ts"
import { createRunner } from "./runner.ts"
import { createScheduler, settleSlots, type JobReport, type Scheduler } from "./scheduler.ts"

const at = (iso: string): Date => new Date(iso)
const START = at("2026-03-01T12:00:00Z")
const SETTINGS = `vaults: { local: { path: /v } }
apps:
  chat:
    secrets: [./s]
    schedules: { hourly: { cron: "0 * * * *" } }
`

/** Runs that last until the test ends them. */
function slowWork(): { run: (job: JobRun) => Promise<JobEnd>; begun: readonly JobRun[]; end: (outcome?: JobEnd["outcome"]) => void } {
  const begun: JobRun[] = []
  let waiting = Promise.withResolvers<JobEnd>()
  return {
    begun,
    run: async (job) => {
      begun.push(job)
      const stopped = new Promise<never>((_resolve, reject) => job.signal.addEventListener("abort", () => reject(new Error("stopped"))))
      return await Promise.race([waiting.promise, stopped])
    },
    end: (outcome = "succeeded") => {
      waiting.resolve({ outcome, reason: null })
      waiting = Promise.withResolvers()
    },
  }
}

function schedulerOf(
  house: ReturnType<Simulated["boot"]>["house"],
  run: (job: JobRun) => Promise<JobEnd>,
  ended: JobReport[] = [],
): Scheduler {
  return createScheduler(house, createRunner(house), { run, onEnd: (report) => void ended.push(report) })
}

const hourly = async (world: Simulated): Promise<readonly Partial<SlotRecord>[]> =>
  (await world.store.slots({ app: "chat", schedule: "schedules.hourly" })).map(({ slot, outcome, reason, missed }) => ({
    slot,
    outcome,
    reason,
    missed,
  }))

describe("the scheduler", () => {
  it("runs a slot once, with two services on one store", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    const one = schedulerOf(world.boot(1).house, work.run)
    const two = schedulerOf(world.boot(2).house, work.run)
    await Promise.all([one.pass(), two.pass()])
    for (let hour = 13; hour < 23; hour += 1) {
      world.set(at(`2026-03-01T${hour}:00:10Z`))
      const started = await Promise.all([one.pass(), two.pass(), one.pass(), two.pass()])
      expect(started.reduce((sum, count) => sum + count, 0)).toBe(1)
      work.end()
      await Promise.all([one.idle(), two.idle()])
    }
    expect(work.begun).toHaveLength(10)
    expect((await hourly(world)).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => "succeeded"))
  })

  it("records a slot that comes while the one before still runs as skipped, with the reason, also in another process", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    const one = schedulerOf(world.boot(1).house, work.run)
    const two = schedulerOf(world.boot(2).house, work.run)
    await one.pass()
    world.set(at("2026-03-01T13:00:10Z"))
    await one.pass()
    world.set(at("2026-03-01T14:00:10Z"))
    await one.pass()
    world.set(at("2026-03-01T15:00:10Z"))
    await two.pass()
    expect(work.begun).toHaveLength(1)
    work.end()
    await one.idle()
    const reason = "the run of 2026-03-01T13:00:00.000Z still went on"
    expect(await hourly(world)).toEqual([
      { slot: at("2026-03-01T15:00:00Z"), outcome: "skipped", reason, missed: 0 },
      { slot: at("2026-03-01T14:00:00Z"), outcome: "skipped", reason, missed: 0 },
      { slot: at("2026-03-01T13:00:00Z"), outcome: "succeeded", reason: null, missed: 0 },
    ])
  })

  it("runs the schedules of one app one after the other, and none of them is lost", async () => {
    const world = await simulate(SETTINGS.replace("hourly: {", 'second: { cron: "0 * * * *" }, hourly: {'), START)
    const work = slowWork()
    const scheduler = schedulerOf(world.boot(1).house, work.run)
    await scheduler.pass()
    world.set(at("2026-03-01T13:00:10Z"))
    expect(await scheduler.pass()).toBe(1)
    expect(await scheduler.pass()).toBe(0)
    work.end()
    await scheduler.idle()
    expect(await scheduler.pass()).toBe(1)
    work.end()
    await scheduler.idle()
    expect(work.begun.map(({ due }) => due.schedule)).toEqual(["schedules.second", "schedules.hourly"])
  })

  it("runs a slot again that was killed, and gives up after three times, saying so", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    await schedulerOf(world.boot(1).house, work.run).pass()
    world.set(at("2026-03-01T13:00:10Z"))
    for (const id of [1, 2, 3]) {
      const { house, kill } = world.boot(id)
      expect(await schedulerOf(house, work.run).pass()).toBe(1)
      expect(await hourly(world)).toMatchObject([{ outcome: "running" }])
      kill()
    }
    expect(await schedulerOf(world.boot(4).house, work.run).pass()).toBe(0)
    expect(await hourly(world)).toEqual([{ slot: at("2026-03-01T13:00:00Z"), outcome: "failed", reason: "cut short 3 times", missed: 0 }])
  })

  it("catches up once after a kill and a downtime: the killed slot is closed, the newest is run, those between are counted", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    const { house, kill } = world.boot(1)
    const first = schedulerOf(house, slowWork().run)
    await first.pass()
    world.set(at("2026-03-01T13:00:10Z"))
    await first.pass()
    kill()
    world.set(at("2026-03-01T17:30:00Z"))
    const second = schedulerOf(world.boot(2).house, work.run)
    expect(await second.pass()).toBe(1)
    work.end()
    await second.idle()
    expect(await hourly(world)).toEqual([
      { slot: at("2026-03-01T17:00:00Z"), outcome: "succeeded", reason: null, missed: 3 },
      {
        slot: at("2026-03-01T13:00:00Z"),
        outcome: "cancelled",
        reason: "cut short; the run of 2026-03-01T17:00:00.000Z catches up",
        missed: 0,
      },
    ])
  })

  it("leaves a slot open when the service is stopped in the middle of it, however often, and the next start runs it again", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    await schedulerOf(world.boot(1).house, work.run).pass()
    world.set(at("2026-03-01T13:00:10Z"))
    for (const id of [1, 2, 3, 4, 5]) {
      const { house, stop } = world.boot(id)
      const scheduler = schedulerOf(house, work.run)
      expect(await scheduler.pass()).toBe(1)
      stop()
      await scheduler.idle()
      expect(await hourly(world)).toMatchObject([
        { outcome: "running", reason: expect.stringContaining("it is run again at the next start") },
      ])
    }
    const ended: JobReport[] = []
    const last = schedulerOf(world.boot(6).house, work.run, ended)
    await last.pass()
    work.end()
    await last.idle()
    expect(ended).toMatchObject([{ slot: at("2026-03-01T13:00:00Z"), outcome: "succeeded" }])
  })

  it("does not run again what was cut short after its operation was done", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    const { house, kill } = world.boot(1)
    const run = async (job: JobRun): Promise<JobEnd> => {
      const { store, host } = await house.operationTools()
      const holder = host.self("x")
      await store.createOperation({ id: "op-1", kind: "backup", app: "chat", holder, plan: null, startedAt: START })
      await store.finishOperation("op-1", { finishedAt: START, outcome: "succeeded", errorCode: null, message: null, result: null })
      await job.recorded("op-1")
      return await work.run(job)
    }
    const scheduler = schedulerOf(house, run)
    await scheduler.pass()
    world.set(at("2026-03-01T13:00:10Z"))
    await scheduler.pass()
    await expect.poll(() => work.begun.length).toBe(1)
    kill()
    expect(await schedulerOf(world.boot(2).house, work.run).pass()).toBe(0)
    expect(await hourly(world)).toMatchObject([{ outcome: "partial", reason: expect.stringContaining("after its operation was done") }])
  })

  it("records nothing while another process only clears away the claim of a dead one, and runs the slot with the next pass", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    const { house } = world.boot(1)
    const scheduler = schedulerOf(house, work.run)
    await scheduler.pass()
    world.set(at("2026-03-01T13:00:10Z"))
    const { store, host } = await world.boot(2).house.operationTools()
    await store.acquireLease("slot:chat:schedules.hourly", "settling 0", host.self("settling of a scheduled run"))
    expect(await scheduler.pass()).toBe(0)
    expect(await hourly(world)).toEqual([])
    await store.releaseLease("slot:chat:schedules.hourly", "settling 0")
    expect(await scheduler.pass()).toBe(1)
    work.end()
    await scheduler.idle()
  })

  it("closes what was cut short of a schedule that is gone, and owes nothing of a new one's past", async () => {
    const world = await simulate(SETTINGS, START)
    const work = slowWork()
    const { house, kill } = world.boot(1)
    const scheduler = schedulerOf(house, work.run)
    await scheduler.pass()
    world.set(at("2026-03-01T13:00:10Z"))
    await scheduler.pass()
    kill()
    world.write(SETTINGS.replace("hourly", "other"))
    const next = world.boot(2)
    await settleSlots(next.house)
    expect(await hourly(world)).toMatchObject([{ outcome: "cancelled" }])
    expect(await schedulerOf(next.house, work.run).due()).toEqual([])
  })
})
