/** SIGKILL at every journaled step of what makes or removes points of a plain program: backup, import, expire, drill. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { makeChat } from "../fixture/sqlite/chat.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import type { CrashWorld } from "./harness.ts"
import { expectNoLeftovers, expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { walk } from "./matrix.ts"
import { makePlainApp, saveWorld, type AppState, type PlainPlace, type SavedWorld } from "./plain-world.ts"

let directory = ""
let place: PlainPlace
let world: SavedWorld
let state: AppState
/** Oldest first; the last one was read back. */
const points: string[] = []

beforeAll(async () => {
  directory = await newDirectory("crash-points")
  place = await makePlainApp(directory)
  for (const word of ["one", "two"]) {
    await place.change(word)
    points.push((await place.cli.json(backupOutput, ["backup"])).point?.id ?? "")
  }
  expect((await place.cli.run("verify")).exitCode).toBe(0)
  state = await place.state()
  makeChat(join(directory, "foreign.db"), { messages: 30 })
  await writeFile(join(directory, "notes.txt"), "not of Holdfast")
  world = await saveWorld(directory)
})

afterAll(async () => {
  await removeTree(directory)
  await world.dispose()
})

async function prepare(...words: readonly string[]): Promise<CrashWorld> {
  await world.reset()
  const environment = { HOLDFAST_STATE_DIR: join(directory, "state") }
  return { directory, words, settleWords: ["points", "chat"], environment, dispose: async () => await Promise.resolve() }
}

/** The app as it was and running, nothing left behind, every point sound, and the vault takes a next point. */
async function checkAround(): Promise<readonly string[]> {
  expect(await place.state()).toEqual(state)
  expect(place.isRunning(), "the app does not run").toBe(true)
  expectNothingUnfinished(join(directory, "state"))
  const ids = await expectPointsWhole(place.cli, "chat")
  await expectNoLeftovers(directory, { keptAllowed: false })
  expect(await processesNaming(directory)).toEqual([])
  return ids
}

async function checkVaultUsable(): Promise<void> {
  const { point } = await place.cli.json(backupOutput, ["backup"])
  expect(point).not.toBeNull()
}

describeNeeding("restic")("a plain program, killed while its points change", () => {
  it("backup --cold: the point is listed and whole, or absent; the app runs", async () => {
    await walk(
      "backup --cold of a plain program",
      {
        prepare: async () => await prepare("backup", "chat", "--cold"),
        check: async (_world, killedAt) => {
          const ids = await checkAround()
          expect(ids.toReversed().slice(0, 2)).toEqual(points)
          expect([2, 3]).toContain(ids.length)
          if (killedAt === null || killedAt.label.startsWith("finishOperation")) expect(ids).toHaveLength(3)
          if (killedAt === null || killedAt.label.startsWith("endStep seal")) await checkVaultUsable()
        },
      },
      ["stop-app", "capture-database", "capture-paths", "start-app", "seal"],
    )
  })

  it("import: the point is listed and whole, or absent", async () => {
    await walk(
      "import of a SQLite file",
      {
        prepare: async () => await prepare("import", "chat", "foreign.db"),
        check: async (_world, killedAt) => {
          const ids = await checkAround()
          expect(ids).toEqual(expect.arrayContaining([...points]))
          if (killedAt === null) expect(ids).toHaveLength(3)
        },
      },
      ["import-database", "seal"],
    )
  })

  it("expire: what was to go is gone wholly or listed and whole, and the proven point stays", async () => {
    await walk(
      "expire",
      {
        prepare: async () => await prepare("expire", "chat", "--yes"),
        check: async (_world, killedAt) => {
          const ids = await checkAround()
          expect(ids).toContain(points.at(-1))
          if (killedAt === null) expect(ids).toEqual(points.slice(-1))
          else await checkVaultUsable()
        },
      },
      ["unlist", "remove-manifests", "remove-data", "forget"],
    )
  })

  it("drill: nothing of the sandbox is left and the vault can be expired", async () => {
    await walk(
      "drill of a plain program",
      {
        prepare: async () => await prepare("drill", "chat"),
        check: async (_world, killedAt) => {
          expect(await checkAround()).toHaveLength(2)
          if (killedAt !== null) expect((await place.cli.run("expire", "chat", "--yes")).exitCode).toBe(0)
        },
      },
      ["fetch-files", "restore-database"],
    )
  })
})
