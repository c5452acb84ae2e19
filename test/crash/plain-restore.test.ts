/** SIGKILL at every journaled step of what replaces a plain program's data: restore in place, undo, rebuild. */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput, operationsOutput, restoreOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import type { CrashWorld } from "./harness.ts"
import { expectNoLeftovers, expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { walk } from "./matrix.ts"
import { makePlainApp, saveWorld, type AppState, type PlainPlace, type SavedWorld } from "./plain-world.ts"

let directory = ""
let place: PlainPlace
let damaged: SavedWorld
let restored: SavedWorld
let emptied: SavedWorld
/** What the point holds, and what is live when it is to be restored. */
let pointState: AppState
let liveState: AppState
let point = ""
/** The restore that the undo is about. */
let operation = ""

beforeAll(async () => {
  directory = await newDirectory("crash-restore")
  place = await makePlainApp(directory)
  await place.change("one")
  point = (await place.cli.json(backupOutput, ["backup"])).point?.id ?? ""
  expect((await place.cli.run("verify")).exitCode).toBe(0)
  pointState = await place.state()
  await place.change("two")
  liveState = await place.state()
  damaged = await saveWorld(directory)
  operation = (await place.cli.json(restoreOutput, ["restore", "chat", point, "--yes"])).operationId
  expect(await place.state()).toEqual(pointState)
  restored = await saveWorld(directory)
  await removeTree(join(directory, "app/data"))
  await removeTree(join(directory, "app/uploads"))
  await removeTree(join(directory, "app/secrets"))
  await removeTree(join(directory, "app/running"))
  // What the restore above kept beside belongs to the old host as well.
  const kept = (await readdir(join(directory, "app"))).filter((name) => name.includes(".holdfast-"))
  for (const name of kept) await removeTree(join(directory, "app", name))
  emptied = await saveWorld(directory)
})

afterAll(async () => {
  await removeTree(directory)
  for (const world of [damaged, restored, emptied]) await world.dispose()
})

async function prepare(world: SavedWorld, ...words: readonly string[]): Promise<CrashWorld> {
  await world.reset()
  const environment = { HOLDFAST_STATE_DIR: join(directory, "state") }
  return { directory, words, settleWords: ["points", "chat"], environment, dispose: async () => await Promise.resolve() }
}

async function checkAround(options: { keptAllowed: boolean }): Promise<void> {
  expect(place.isRunning(), "the app does not run").toBe(true)
  expectNothingUnfinished(join(directory, "state"))
  expect(await expectPointsWhole(place.cli, "chat")).toContain(point)
  await expectNoLeftovers(directory, options)
  expect(await processesNaming(directory)).toEqual([])
}

async function lastOperation(kind: string): Promise<string> {
  const { operations } = await place.cli.json(operationsOutput, ["operations", "--app", "chat"])
  return operations.find((one) => one.kind === kind)?.id ?? ""
}

describeNeeding("restic")("a plain program, killed while its data is replaced", () => {
  it("restore: the data is the old or the new, as a whole, and what was replaced can be had back", async () => {
    await walk(
      "restore in place of a plain program",
      {
        prepare: async () => await prepare(damaged, "restore", "chat", point, "--yes"),
        check: async () => {
          const now = await place.state()
          expect([pointState, liveState]).toContainEqual(now)
          const isNew = now.rows === pointState.rows
          await checkAround({ keptAllowed: isNew })
          if (!isNew) return
          expect((await place.cli.run("undo", await lastOperation("restore"), "--yes")).exitCode).toBe(0)
          expect(await place.state()).toEqual(liveState)
          await expectNoLeftovers(directory, { keptAllowed: false })
        },
      },
      ["stop-writers", "seal", "stage-paths", "swap", "start", "gate", "keep"],
    )
  })

  it("restore of one table: its rows are old or new, all else is as it was, and what was replaced can be had back", async () => {
    /** What a restore that nothing interrupts leads to. */
    let merged = liveState
    await walk(
      "restore of one table of a plain program",
      {
        prepare: async () => await prepare(damaged, "restore", "chat", point, "--table", "Message", "--yes"),
        check: async (_world, killedAt) => {
          const now = await place.state()
          if (killedAt === null) merged = now
          expect([pointState.rows, liveState.rows]).not.toContain(merged.rows)
          expect([merged, liveState]).toContainEqual(now)
          expect(now).toEqual({ ...liveState, rows: now.rows })
          const isNew = now.rows === merged.rows
          await checkAround({ keptAllowed: isNew })
          if (!isNew) return
          expect((await place.cli.run("undo", await lastOperation("restore"), "--yes")).exitCode).toBe(0)
          expect(await place.state()).toEqual(liveState)
          await expectNoLeftovers(directory, { keptAllowed: false })
        },
      },
      ["stage-database", "swap"],
    )
  })

  it("undo: done, or not begun and still possible", async () => {
    await walk(
      "undo of a restore of a plain program",
      {
        prepare: async () => await prepare(restored, "undo", operation, "--yes"),
        check: async () => {
          const now = await place.state()
          expect([pointState, liveState]).toContainEqual(now)
          const undone = now.rows === liveState.rows
          await checkAround({ keptAllowed: !undone })
          if (undone) return
          expect((await place.cli.run("undo", operation, "--yes")).exitCode).toBe(0)
          expect(await place.state()).toEqual(liveState)
          await expectNoLeftovers(directory, { keptAllowed: false })
        },
      },
      ["seal", "swap", "start", "gate"],
    )
  })

  it("rebuild on an empty host: begun again with --over, it ends in the point's state", async () => {
    await walk(
      "rebuild of a plain program",
      {
        prepare: async () => {
          const world = await prepare(emptied)
          await removeTree(join(directory, "holdfast.yaml"))
          const [keyFile = ""] = (await readdir(join(directory, "state/keys"))).map((name) => join("state/keys", name))
          const words = ["rebuild", "--vault", "vault", "--key", keyFile, "--app", "chat", point, "--yes", "--over"]
          return { ...world, words, settleWords: ["operations"] }
        },
        check: async (world, killedAt) => {
          expectNothingUnfinished(join(directory, "state"))
          await expectNoLeftovers(directory, { keptAllowed: false })
          if (killedAt !== null) expect((await place.cli.run(...world.words)).exitCode).toBe(0)
          expect(await place.state()).toEqual(pointState)
          expect(place.isRunning()).toBe(true)
          await expectNoLeftovers(directory, { keptAllowed: false })
        },
      },
      ["place-paths", "place-database", "start-app"],
    )
  })
})
