/** SIGKILL at the writes of a scheduled run: the next pass settles it, the slot is accounted for once, and there is one new point. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it } from "vitest"
import { z } from "zod"
import { systemClock } from "../../src/base/clock.ts"
import { backupOutput } from "../../src/contract/output.ts"
import { signatureOf } from "../../src/schedule/due.ts"
import { loadSettings } from "../../src/settings/settings.ts"
import { entriesOf } from "../../src/surface/service/entries.ts"
import { createHostIdentity } from "../../src/tool/process/host.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { isFullRun } from "../fixture/size.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { walkCrashMatrix, type CrashWorld } from "./harness.ts"
import { expectNoLeftovers, expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { makePlainApp, saveWorld, type PlainPlace, type SavedWorld } from "./plain-world.ts"

const SCHEDULE = "schedules.nightly"
/** Where a run that is cut short leaves different things behind. */
const CHOSEN = [
  "claimSlot",
  "createOperation backup",
  "putSlot running",
  "endStep capture-database done",
  "endStep seal done",
  "finishOperation succeeded",
  "createOperation expire",
  "endStep unlist done",
  "putSlot succeeded",
]

const settingsSchema = z.looseObject({ apps: z.object({ chat: z.record(z.string(), z.unknown()) }) })

let directory = ""
let place: PlainPlace
let world: SavedWorld
const earlier: string[] = []

beforeAll(async () => {
  directory = await newDirectory("crash-schedule")
  place = await makePlainApp(directory)
  for (const word of ["one", "two"]) {
    await place.change(word)
    earlier.push((await place.cli.json(backupOutput, ["backup"])).point?.id ?? "")
  }
  expect((await place.cli.run("verify")).exitCode).toBe(0)
  const file = join(directory, "holdfast.yaml")
  const settings = settingsSchema.parse(JSON.parse(await readFile(file, "utf8")))
  const chat = { ...settings.apps.chat, schedules: { nightly: { cron: "0 3 * * *" } } }
  await writeFile(file, JSON.stringify({ ...settings, apps: { chat } }))
  await seenTwoDaysAgo(file)
  world = await saveWorld(directory)
})

afterAll(async () => {
  await removeTree(directory)
  await world.dispose()
})

async function seenTwoDaysAgo(file: string): Promise<void> {
  const host = createHostIdentity({ hostName: "test", processId: process.pid })
  const store = await openSqliteStore(join(directory, "state/store.sqlite"), { host, clock: systemClock })
  const entry = entriesOf(loadSettings(file, {})).find(({ schedule }) => schedule === SCHEDULE)
  if (entry === undefined) throw new Error("the schedule is not in the settings")
  const seenAt = new Date(Date.now() - 2 * 86_400_000).toISOString()
  await store.setValue(`seen:chat:${SCHEDULE}`, JSON.stringify({ signature: signatureOf(entry), at: seenAt }))
  await store.close()
}

async function prepare(): Promise<CrashWorld> {
  await world.reset()
  const environment = { HOLDFAST_STATE_DIR: join(directory, "state") }
  return { directory, words: ["run-due"], settleWords: ["run-due"], environment, dispose: async () => await Promise.resolve() }
}

function outcomes(): readonly unknown[] {
  const database = new DatabaseSync(join(directory, "state/store.sqlite"), { readOnly: true })
  try {
    const rows = database.prepare("SELECT outcome FROM slot WHERE schedule = ?").all(SCHEDULE)
    return rows.map((row) => row["outcome"])
  } finally {
    database.close()
  }
}

describeNeeding("restic")("a scheduled run, killed", () => {
  it("is settled by the next pass: one record of the slot, one new point, nothing left behind", async () => {
    const seen = new Set<string>()
    await walkCrashMatrix({
      prepare,
      phases: isFullRun ? ["before", "after"] : ["before"],
      only: (label, first) => isFullRun || (first && CHOSEN.includes(label)),
      check: async (_world, killedAt) => {
        seen.add(killedAt?.label ?? "")
        const [outcome, ...more] = outcomes()
        expect(more).toEqual([])
        // `partial`: the point was there, and what follows it is done with the next run.
        expect(killedAt === null ? ["succeeded"] : ["succeeded", "partial"]).toContain(outcome)
        const ids = await expectPointsWhole(place.cli, "chat")
        expect(ids.filter((id) => !earlier.includes(id))).toHaveLength(1)
        expect(ids).toContain(earlier[1])
        expectNothingUnfinished(join(directory, "state"))
        await expectNoLeftovers(directory, { keptAllowed: false })
        expect(await processesNaming(directory)).toEqual([])
      },
    })
    if (!isFullRun) expect(CHOSEN.filter((label) => !seen.has(label))).toEqual([])
  })
})
