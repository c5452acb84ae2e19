import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { DrillSchedule } from "../../app/app.ts"
import type { House } from "../house/house.ts"
import { declaredApp, openSubject, pointOf } from "../house/subject.ts"
import { operate, type JobEnd, type JobRun } from "./job.ts"

/** Restores the newest point into a sandbox, at the level and from the vault that the drill names. */
export async function drillJob(run: JobRun, name: string): Promise<JobEnd> {
  const { declared } = await declaredApp(run.house, run.due.app)
  const drill = declared.drills[name]
  if (drill === undefined) return { outcome: "skipped", reason: "the drill is no longer in the settings" }
  await operate(run, async (own) => await drillNewest(own, run.due.app, drill))
  return { outcome: "succeeded", reason: null }
}

/** A named vault is read with an empty cache: whether it alone would do is the question. */
async function drillNewest(own: House, app: string, drill: DrillSchedule): Promise<unknown> {
  const { drillPoint } = await import("../../drill/drill.ts")
  const subject = await openSubject(own, { app, vault: drill.vault, point: null }, { create: false })
  const point = await pointOf(subject, { point: null }, "whole")
  if (drill.vault === null) return await drillFrom(subject.vault)
  const cacheDirectory = join(await own.use.scratchDirectory(), `empty-cache-${app}`)
  await rm(cacheDirectory, { recursive: true, force: true })
  try {
    return await drillFrom({ ...subject.vault, location: { ...subject.vault.location, cacheDirectory } })
  } finally {
    await rm(cacheDirectory, { recursive: true, force: true })
  }

  async function drillFrom(vault: typeof subject.vault): Promise<unknown> {
    return await drillPoint(subject.tools, subject.declared, { vault, point }, drill.level, own.command, own.base())
  }
}
