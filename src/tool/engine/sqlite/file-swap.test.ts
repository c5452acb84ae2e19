import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFile, lstat, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { ReplacementNames } from "../../../app/ports.ts"
import { leaveWithJournal, leaveWithLog, wordsOf as words } from "../../../../test/fixture/sqlite/left-behind.ts"
import { swapFileBack, swapFileIn, type SwapWatch } from "./file-swap.ts"
import { replacementNames } from "./names.ts"

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-file-swap-"))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

class Crash extends Error {}
const unused = async (): Promise<void> => undefined

async function dieBefore(change: number, run: (watch: SwapWatch) => Promise<void>): Promise<boolean> {
  let seen = 0
  const before = (): void => {
    seen += 1
    if (seen === change) throw new Crash()
  }
  try {
    await run({ requireUnused: unused, before })
    return false
  } catch (thrown) {
    if (thrown instanceof Crash) return true
    throw thrown
  }
}

const quiet: SwapWatch = { requireUnused: unused }

/** What a program would see that opens the file now: on a copy, so that looking changes nothing. */
async function wordsIn(path: string): Promise<readonly string[] | null> {
  if ((await stat(path).catch(() => null)) === null) return null
  const looked = join(directory, "looked", "at.db")
  await rm(join(directory, "looked"), { recursive: true, force: true })
  await mkdir(join(directory, "looked"))
  for (const ending of ["", "-wal", "-journal"]) await copyFile(path + ending, looked + ending).catch(() => undefined)
  const database = new DatabaseSync(looked)
  try {
    return database
      .prepare("SELECT word FROM t ORDER BY word")
      .all()
      .map((row) => String(row["word"]))
  } finally {
    database.close()
  }
}

async function stage(names: ReplacementNames): Promise<void> {
  const database = new DatabaseSync(names.staged)
  database.exec("PRAGMA journal_mode = wal; CREATE TABLE t (word TEXT)")
  for (const word of words("new")) database.prepare("INSERT INTO t VALUES (?)").run(word)
  database.close()
}

async function fresh(leave: (path: string, word: string) => Promise<void>): Promise<ReplacementNames> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory)
  const names = replacementNames(join(directory, "superchat.db"), "op")
  await leave(names.live, "old")
  await stage(names)
  return names
}

/** The one thing that must never be: neither the old state nor the new one under the live name. */
async function expectOldNewOrNothing(names: ReplacementNames, when: string): Promise<void> {
  expect([JSON.stringify(words("old")), JSON.stringify(words("new")), "null"], when).toContain(JSON.stringify(await wordsIn(names.live)))
}

describe.each([
  ["a log that holds the newest rows", leaveWithLog],
  ["a hot rollback journal", leaveWithJournal],
] as const)("a database with %s", (_title, leave) => {
  it("is old or new or absent at every moment, and new when the swap is done again", async () => {
    let died = 0
    for (let change = 1, more = true; more; change += 1) {
      const names = await fresh(leave)
      more = await dieBefore(change, async (watch) => await swapFileIn(names, watch))
      died += more ? 1 : 0
      await expectOldNewOrNothing(names, `died before change ${change}`)
      await swapFileIn(names, quiet)
      await swapFileIn(names, quiet)
      expect(await wordsIn(names.live), `died before change ${change}`).toEqual(words("new"))
      expect(await wordsIn(names.kept), `died before change ${change}`).toEqual(words("old"))
      expect((await lstat(names.live)).nlink).toBe(1)
    }
    expect(died).toBeGreaterThanOrEqual(4)
  })

  it("is old again when the swap died anywhere and is undone, even if undoing dies anywhere too", async () => {
    for (let change = 1, more = true; more; change += 1) {
      for (let undone = 1, moreUndone = true; moreUndone; undone += 1) {
        const names = await fresh(leave)
        more = await dieBefore(change, async (watch) => await swapFileIn(names, watch))
        moreUndone = await dieBefore(undone, async (watch) => await swapFileBack(names, watch))
        const when = `died before change ${change}, undoing before ${undone}`
        await expectOldNewOrNothing(names, when)
        await swapFileBack(names, quiet)
        await swapFileBack(names, quiet)
        expect(await wordsIn(names.live), when).toEqual(words("old"))
        expect(await wordsIn(names.kept), when).toBeNull()
        expect(
          (await readdir(directory)).filter((name) => name.includes("holdfast-kept")),
          when,
        ).toEqual([])
      }
    }
  })

  it("keeps what the new program wrote when it is swapped back", async () => {
    const names = await fresh(leave)
    await swapFileIn(names, quiet)
    await rm(names.live)
    await leaveWithLog(names.live, "later")
    await swapFileBack(names, quiet)
    expect(await wordsIn(names.live)).toEqual(words("old"))
    expect(await wordsIn(names.failed)).toEqual(words("later"))
  })
})

it("a database that was not there is made by the swap, and is gone after undoing", async () => {
  const names = replacementNames(join(directory, "superchat.db"), "op")
  await stage(names)
  await writeFile(`${names.live}-wal`, "all that is left of an older one")
  await swapFileIn(names, quiet)
  expect(await wordsIn(names.live)).toEqual(words("new"))
  expect((await readdir(directory)).filter((name) => name.endsWith("-wal"))).toEqual([".superchat.db.holdfast-kept-op-wal"])
  await swapFileBack(names, quiet)
  await swapFileBack(names, quiet)
  expect(await wordsIn(names.live)).toBeNull()
  expect(await wordsIn(names.failed)).toEqual(words("new"))
})

it("an empty database that something made while the name was free is set aside", async () => {
  const names = await fresh(leaveWithLog)
  // link, rename: then the name is free.
  expect(await dieBefore(3, async (watch) => await swapFileIn(names, watch))).toBe(true)
  expect(await wordsIn(names.live)).toBeNull()
  new DatabaseSync(names.live).exec("CREATE TABLE t (word TEXT)")
  await swapFileIn(names, quiet)
  expect(await wordsIn(names.live)).toEqual(words("new"))
  expect(await wordsIn(names.kept)).toEqual(words("old"))
  expect(await wordsIn(names.failed)).toEqual([])
})

it("a program that opened the file in the last moment gets it back, with its log", async () => {
  const names = await fresh(leaveWithLog)
  let looks = 0
  const opened: SwapWatch = {
    requireUnused: async () => {
      looks += 1
      if (looks === 2) throw new Error("opened meanwhile")
    },
  }
  await expect(swapFileIn(names, opened)).rejects.toThrow("opened meanwhile")
  expect(await wordsIn(names.live)).toEqual(words("old"))
  expect((await readdir(directory)).filter((name) => name.includes("kept"))).toEqual([])
})

it("a killed process leaves a state that settles, for each change it may die before", async () => {
  const script = join(import.meta.dirname, "../../../../test/fixture/sqlite/swap-and-die.ts")
  for (let change = 1, killed = true; killed; change += 2) {
    const names = await fresh(leaveWithLog)
    const child = spawn(process.execPath, [script, names.live, "op", String(change)], { stdio: "inherit" })
    const ended: unknown[] = await once(child, "exit")
    killed = ended[1] === "SIGKILL"
    await expectOldNewOrNothing(names, `killed before change ${change}`)
    await swapFileIn(names, quiet)
    expect(await wordsIn(names.live)).toEqual(words("new"))
    expect(await wordsIn(names.kept)).toEqual(words("old"))
  }
})
