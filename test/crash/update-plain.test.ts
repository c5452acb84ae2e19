/** SIGKILL at the journaled steps of an update and of a rollback of a plain program: the old version or the new one, healthy, with its own data. */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { APP, makePlainApp, type PlainApp, type PlainState } from "../fixture/plain-app/plain-app.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import type { CrashWorld } from "./harness.ts"
import { expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { stepsIn, walk } from "./matrix.ts"
import { rehearsedNow } from "./update-place.ts"
import { saveWorld, type SavedWorld } from "./plain-world.ts"

let directory = ""
let app: PlainApp
let saved: SavedWorld
let before: PlainState
/** After a run that nothing interrupts. */
let after: PlainState | null = null

beforeAll(async () => {
  directory = await newDirectory("crash-update-plain")
  app = await makePlainApp(directory)
  for (let number = 1; number <= 12; number += 1) await app.addEntry("before", number)
  await app.publish("1.1.0", 2)
  await app.cli.json(backupOutput, ["backup", APP])
  await app.cli.json(drillOutput, ["drill", APP, "--level", "restored"])
  await app.cli.json(updatePlanOutput, ["update", "plan", APP, "--rehearse"])
  before = await app.state()
  saved = await save()
})

afterAll(async () => {
  await app?.call("stop")
  await saved?.dispose()
  await removeTree(directory)
})

async function save(): Promise<SavedWorld> {
  await app.call("stop")
  const world = await saveWorld(directory)
  await app.call("start")
  return world
}

async function prepare(world: SavedWorld, ...words: readonly string[]): Promise<CrashWorld> {
  await app.call("stop")
  await world.reset()
  rehearsedNow(directory)
  await app.call("start")
  const environment = { HOLDFAST_STATE_DIR: join(directory, "state") }
  return { directory, words, settleWords: ["points", APP], environment, dispose: async () => await Promise.resolve() }
}

async function expectSettled(allowed: readonly PlainState[]): Promise<PlainState> {
  expect(await app.health()).toMatchObject({ status: "ok" })
  const now = await app.state()
  expect(allowed).toContainEqual(now)
  expectNothingUnfinished(join(directory, "state"))
  await expectPointsWhole(app.cli, APP)
  expect(await readdir(join(directory, "state/scratch")).catch(() => [])).toEqual([])
  const names = [...(await readdir(app.folder)), ...(await readdir(join(app.folder, "data")))]
  expect(names.filter((name) => /holdfast-(link|staged)/.test(name))).toEqual([])
  expect((await processesNaming(directory)).filter((words) => !words.includes("program.ts serve"))).toEqual([])
  return now
}

/** 1.1.0 runs, somebody has written since, and 1.2.0 is there. */
async function fromUpdated(use: (world: SavedWorld, updated: PlainState) => Promise<void>): Promise<void> {
  await prepare(saved)
  await app.cli.json(updateOutput, ["update", "apply", APP, "--yes"])
  await app.addEntry("since", 1)
  await app.publish("1.2.0", 2)
  const updated = await app.state()
  const world = await save()
  try {
    await use(world, updated)
  } finally {
    await world.dispose()
  }
}

describeNeeding("root", "restic")("an update of a plain program, killed", () => {
  it("update: the old version with its data, or the new one with its own", async () => {
    await walk(
      "update of a plain program",
      {
        prepare: async () => await prepare(saved, "update", "apply", APP, "--yes"),
        check: async (_world, killedAt) => {
          if (killedAt === null) after = await app.state()
          const now = await expectSettled([before, after ?? before])
          expect(after?.version).toBe("1.1.0")
          if (killedAt === null) expect(now.version).toBe("1.1.0")
        },
      },
      ["stop-writers", "clone-database", "pin", "migrate", "start", "gate", "keep"],
    )
  })

  it("rollback: done, or done by asking once more", async () => {
    await fromUpdated(async (savedUpdated, updated) => {
      await walk(
        "rollback of a plain program",
        {
          prepare: async () => await prepare(savedUpdated, "update", "rollback", APP, "--yes"),
          check: async () => {
            const now = await expectSettled([before, updated])
            if (now.version === before.version) return
            expect((await app.cli.run("update", "rollback", APP, "--yes")).exitCode).toBe(0)
            await expectSettled([before])
          },
        },
        ["roll-back", "put-back-files", "swap-back", "start-old"],
      )
    })
  })

  it("rehearsal that takes a point first: nothing of the app was changed, and the point is there whole or not at all", async () => {
    await fromUpdated(async (savedUpdated, updated) => {
      const { writes } = await walk(
        "rehearsal of a plain program",
        {
          prepare: async () => await prepare(savedUpdated, "update", "plan", APP, "--rehearse"),
          check: async () => {
            await expectSettled([updated])
            expect((await app.cli.json(updatePlanOutput, ["update", "plan", APP, "--rehearse"])).plan?.rehearsal).toMatchObject({
              passed: true,
            })
          },
        },
        ["seal", "rehearse-update"],
      )
      expect(stepsIn(writes)).toEqual(expect.arrayContaining(["capture-database", "capture-files", "seal", "rehearse-update"]))
    })
  })
})
