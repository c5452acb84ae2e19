import { describe, expect, it } from "vitest"
import { simulate, type Simulated } from "../../../test/fixture/clocked-house.ts"
import { updatePlanDocument } from "../../../test/fixture/panel/update-documents.ts"
import { recordedWork, type WorkAsked } from "../../../test/fixture/update-work.ts"
import { HoldfastError } from "../../base/errors.ts"
import { rememberFound } from "../house/found-updates.ts"
import { missedWindow } from "../house/missed-window.ts"
import type { UpdateWork } from "../house/update-work.ts"
import { entriesOfApp } from "./entries.ts"
import type { JobEnd, JobRun } from "./job.ts"
import { releasesJob } from "./releases-job.ts"
import { createRunner } from "./runner.ts"
import { createScheduler, type JobReport, type Scheduler } from "./scheduler.ts"
import { updateJob } from "./update-job.ts"

const at = (iso: string): Date => new Date(iso)
/** A Saturday. */
const START = at("2026-04-18T12:00:00Z")
const WINDOW = at("2026-04-19T03:00:10Z")

const app = (updates: string): string => `
    compose: ./compose.yml
    secrets: [./s]
    updates: { source: registry, repositories: [r/chat], ${updates} }`
const AUTOMATIC = `automatic: true, window: "Sun 03:00-05:00"`
const SETTINGS = `vaults: { local: { path: /v } }
apps:
  chat:${app(AUTOMATIC)}
`

interface World extends Simulated {
  readonly scheduler: Scheduler
  readonly ended: readonly JobReport[]
  /** Everything that is due at this instant is done. */
  live(instant: Date): Promise<readonly string[]>
  stop(): void
}

async function worldOf(work: UpdateWork, settings = SETTINGS): Promise<World> {
  const world = await simulate(settings, START)
  const { house, stop } = world.boot(1)
  const ended: JobReport[] = []
  const given = async (): Promise<UpdateWork> => await Promise.resolve(work)
  const run = async (job: JobRun): Promise<JobEnd> => {
    try {
      if (job.due.schedule === "updates.window") return await updateJob(given)(job)
      if (job.due.schedule === "holdfast.releases") return await releasesJob(given)(job)
      return { outcome: "succeeded", reason: null }
    } catch (thrown) {
      return { outcome: "failed", reason: thrown instanceof Error ? thrown.message : String(thrown) }
    }
  }
  const scheduler = createScheduler(house, createRunner(house), { run, onEnd: (report) => void ended.push(report) })
  await scheduler.pass()
  await scheduler.idle()
  const live = async (instant: Date): Promise<readonly string[]> => {
    world.set(instant)
    const before = ended.length
    for (let started = 1; started > 0;) {
      started = await scheduler.pass()
      await scheduler.idle()
    }
    return ended
      .slice(before)
      .map(({ app: of, schedule, outcome, reason, did }) => `${schedule} of ${of}: ${outcome}, ${reason ?? did ?? ""}`)
  }
  return { ...world, scheduler, ended, live, stop }
}

const windows = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.startsWith("updates.window"))

/** Nothing was rehearsed yet. */
function unrehearsed(): WorkAsked {
  const work = recordedWork()
  work.plan({ rehearsal: null })
  return work
}

describe("what is due for updates", () => {
  const entries = async (updates: string): Promise<readonly string[]> => {
    const world = await simulate(SETTINGS.replace(AUTOMATIC, updates), START)
    const settings = await world.boot(1).house.settings()
    return entriesOfApp(settings, "chat").map(({ schedule, cron, timezone }) => `${schedule} ${cron} ${timezone}`)
  }

  it("is a daily look, an hourly release of what is kept, and the begin of the window where updates go by themselves", async () => {
    const usual = ["holdfast.releases 45 5 * * * UTC", "holdfast.kept 50 * * * * UTC"]
    expect(await entries(`automatic: false, window: "Sun 03:00-05:00"`)).toEqual(usual)
    expect(await entries("automatic: false")).toEqual(usual)
    expect(await entries(AUTOMATIC)).toEqual([...usual, "updates.window 0 3 * * 0 UTC"])
  })

  it("comes in its window and at no other time, once", async () => {
    const work = recordedWork()
    work.plan(null)
    const { live, stop } = await worldOf(work.work)
    expect(windows(await live(at("2026-04-19T02:59:50Z")))).toEqual([])
    expect(windows(await live(WINDOW))).toEqual(["updates.window of chat: succeeded, nothing newer is there"])
    expect(windows(await live(at("2026-04-19T04:00:00Z")))).toEqual([])
    expect(windows(await live(at("2026-04-26T03:00:10Z")))).toHaveLength(1)
    stop()
  })
})

describe("the daily look", () => {
  it("finds what is there, and fails when it cannot look", async () => {
    const work = recordedWork()
    const { live, stop } = await worldOf(work.work, SETTINGS.replace(AUTOMATIC, "automatic: false"))
    expect(await live(at("2026-04-19T05:45:10Z"))).toContain("holdfast.releases of chat: succeeded, release 2.5.0 is there")
    work.fails(new HoldfastError("RELEASE_SOURCE_UNREACHABLE", { what: "the registry does not answer" }))
    expect(await live(at("2026-04-20T05:45:10Z"))).toContain("holdfast.releases of chat: failed, the registry does not answer")
    stop()
  })
})

describe("an automatic update", () => {
  it("is rehearsed, applied, and told with measured and predicted downtime", async () => {
    const work = unrehearsed()
    const { live, ended, store, stop } = await worldOf(work.work)
    expect(windows(await live(WINDOW))).toEqual([
      "updates.window of chat: succeeded, chat was updated from 2.4.1 to 2.5.0, down for 7.0 s, 7.3 s were predicted",
    ])
    expect(work.asked).toEqual(["plan chat", "rehearse chat", "plan chat", "apply chat 2.5.0"])
    expect(ended.find(({ schedule }) => schedule === "updates.window")?.changed).toBe(true)
    expect(await missedWindow(store, "chat")).toBeNull()
    stop()
  })

  it("needs no second rehearsal where one still counts", async () => {
    const work = recordedWork()
    const { live, stop } = await worldOf(work.work)
    await live(WINDOW)
    expect(work.asked).toEqual(["plan chat", "plan chat", "apply chat 2.5.0"])
    stop()
  })

  it("is left alone where the rules want a person, and the reason is kept", async () => {
    const work = unrehearsed()
    work.forbids("from 1.9.0 to 2.0.0 is a major update")
    const { live, store, stop } = await worldOf(work.work)
    expect(windows(await live(WINDOW))).toEqual(["updates.window of chat: succeeded, not applied: from 1.9.0 to 2.0.0 is a major update"])
    expect(work.asked).toEqual(["plan chat"])
    const reason = "from 1.9.0 to 2.0.0 is a major update"
    expect(await missedWindow(store, "chat")).toEqual({ version: "2.5.0", at: "2026-04-19T03:00:00.000Z", reason })
    work.plan(null)
    await live(at("2026-04-26T03:00:10Z"))
    expect(await missedWindow(store, "chat")).toBeNull()
    stop()
  })

  it("is rehearsed and left alone where its downtime does not fit", async () => {
    const work = unrehearsed()
    work.forbids(null, "it needs 3 h, the whole window is 2 h")
    const { live, store, stop } = await worldOf(work.work)
    expect(windows(await live(WINDOW))).toEqual(["updates.window of chat: succeeded, not applied: it needs 3 h, the whole window is 2 h"])
    expect(work.asked).toEqual(["plan chat", "rehearse chat", "plan chat"])
    expect((await missedWindow(store, "chat"))?.reason).toContain("it needs 3 h")
    stop()
  })

  it("ends with a rehearsal that fails, and nothing is applied", async () => {
    const work = unrehearsed()
    work.comesTo({ outcome: "rolled back", to: "rehearsal" })
    const { live, store, stop } = await worldOf(work.work)
    expect(windows(await live(WINDOW))[0]).toMatch(/^updates\.window of chat: failed, 2\.5\.0 did not pass its rehearsal/)
    expect(work.asked).toEqual(["plan chat", "rehearse chat"])
    // Its own alarm tells it; the window was used.
    expect(await missedWindow(store, "chat")).toBeNull()
    stop()
  })

  it("that was rolled back is a failure, never a success", async () => {
    const work = recordedWork()
    work.comesTo({ outcome: "rolled back", why: "worker restarted 3 times" })
    const { live, ended, stop } = await worldOf(work.work)
    expect(windows(await live(WINDOW))).toEqual(["updates.window of chat: failed, 2.5.0 was rolled back: worker restarted 3 times"])
    expect(ended.find(({ schedule }) => schedule === "updates.window")?.changed).toBeUndefined()
    stop()
  })

  it("that cannot even be planned leaves the reason, where a release was known to be there", async () => {
    const work = recordedWork()
    work.fails(new HoldfastError("UPDATE_UNPROVEN", { what: "no point of chat was proven to restore" }))
    const { live, store, now, stop } = await worldOf(work.work)
    expect(windows(await live(WINDOW))).toEqual(["updates.window of chat: failed, no point of chat was proven to restore"])
    expect(await missedWindow(store, "chat")).toBeNull()
    await rememberFound(store, "chat", { running: "2.4.1", hops: [updatePlanDocument.to], notices: [], lookedAt: now() })
    await live(at("2026-04-26T03:00:10Z"))
    expect(await missedWindow(store, "chat")).toMatchObject({ version: "2.5.0", reason: "no point of chat was proven to restore" })
    stop()
  })

  it("is never applied beside another one, whatever the apps", async () => {
    const work = recordedWork()
    let inside = 0
    let most = 0
    const slow: UpdateWork = {
      ...work.work,
      apply: async (...given) => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((done) => setTimeout(done, 50))
        const report = await work.work.apply(...given)
        work.plan({})
        inside -= 1
        return report
      },
    }
    const two = await worldOf(slow, `${SETTINGS}  notes:${app(AUTOMATIC)}\n`)
    const lines = windows(await two.live(WINDOW))
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toContain("was updated from 2.4.1 to 2.5.0")
    expect(most).toBe(1)
    two.stop()
  })
})
