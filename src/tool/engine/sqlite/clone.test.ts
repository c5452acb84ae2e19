import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { chmod, chown, copyFile, mkdir, readdir, readFile, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { ReplacementNames } from "../../../app/ports.ts"
import { sqliteBench, type SqliteBench } from "../../../../test/fixture/sqlite/bench.ts"
import { makeChat } from "../../../../test/fixture/sqlite/chat.ts"
import { leaveWithJournal, leaveWithLog, wordsOf } from "../../../../test/fixture/sqlite/left-behind.ts"
import { startWriter } from "../../../../test/fixture/sqlite/live-writer.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { cloneFile, partialPath } from "./clone.ts"

let bench: SqliteBench
let data: string
let live: string
let names: ReplacementNames
beforeEach(async () => {
  bench = await sqliteBench()
  data = join(bench.directory, "data")
  await mkdir(data)
  live = join(data, "superchat.db")
  names = bench.engine.planNames(bench.source(live), "op")
})
afterEach(async () => {
  await bench.close()
})

const clone = async (name = names.kept): Promise<{ readonly sizeBytes: number } | undefined> =>
  await bench.engine.cloneBeside?.(bench.source(live), name, bench.context())
const wordsIn = async (name: string | null): Promise<unknown[]> =>
  (await bench.engine.query(bench.source(live), name, "SELECT word FROM t ORDER BY word", bench.context())).map(([word]) => word)
const liveBytes = async (): Promise<unknown[]> =>
  await Promise.all(["", "-wal", "-journal"].map(async (ending) => await readFile(live + ending).catch(() => null)))

describe("a copy of a SQLite file beside it", () => {
  it("has the rows that were only in the log, needs no log of its own, and leaves file and log as they are", async () => {
    await leaveWithLog(live, "old")
    await chown(live, 1000, 1001)
    await chmod(live, 0o660)
    const before = await liveBytes()

    await clone()

    const copied = await stat(names.kept)
    expect([copied.uid, copied.gid, copied.mode & 0o7777]).toEqual([1000, 1001, 0o660])
    expect((await readdir(data)).filter((name) => name.includes("holdfast"))).toEqual([`.superchat.db.holdfast-kept-op`])
    expect(await liveBytes()).toEqual(before)
    expect(await wordsIn(names.kept)).toEqual(wordsOf("old"))
  })

  it("has a cut-off transaction rolled back, and leaves the journal to the live file", async () => {
    await leaveWithJournal(live, "old")
    const before = await liveBytes()

    const copied = await clone()

    expect(await wordsIn(names.kept)).toEqual(wordsOf("old"))
    // What the transaction had added to the file is gone from the copy.
    expect(copied?.sizeBytes).toBeLessThan((await stat(live)).size)
    expect(await liveBytes()).toEqual(before)
  })

  it("is put in the place of a file that has a log by then, and no log of either is replayed into the other", async () => {
    await leaveWithLog(live, "old")
    await clone()
    await leaveWithLog(live, "new")

    await bench.engine.swapBack(bench.source(live), names, bench.context())

    expect(await wordsIn(null)).toEqual(wordsOf("old"))
    expect(await wordsIn(names.failed)).toEqual(wordsOf("new"))
  })

  it("does not take the log that another copy of its name left for its own", async () => {
    await leaveWithLog(live, "old")
    await leaveWithLog(join(data, "other.db"), "other")
    for (const name of [names.kept, partialPath(names.kept)]) await copyFile(join(data, "other.db-wal"), `${name}-wal`)

    await clone()

    expect(await wordsIn(names.kept)).toEqual(wordsOf("old"))
  })

  it("is refused while another program has the file open, and names it", async () => {
    makeChat(live)
    const writer = await startWriter(live)
    try {
      const refused = await clone().catch((thrown: unknown) => thrown)
      expect(refused).toMatchObject({ code: "DATABASE_IN_USE", message: expect.stringContaining(`pid ${writer.processId}`) as unknown })
      expect((await readdir(data)).filter((name) => name.includes("holdfast"))).toEqual([])
    } finally {
      await writer.stop()
    }
  })

  it("is given up when a program opens the file meanwhile, whose rows it would not have", async () => {
    makeChat(live)
    let asked = 0
    const requireUnused = async (): Promise<void> => {
      asked += 1
      if (asked > 1) throw new HoldfastError("DATABASE_IN_USE", { what: "it came back" })
      await Promise.resolve()
    }
    const tools = {
      processes: bench.processes,
      nodeBinary: process.execPath,
      scratchDirectory: bench.scratchDirectory,
      busyTimeoutMs: 1000,
    }

    await expect(cloneFile(tools, { live, name: names.kept, requireUnused }, bench.context())).rejects.toThrow("it came back")

    expect((await readdir(data)).filter((name) => name.includes("holdfast"))).toEqual([])
  })

  it("that was killed is not there under its name, is removed when its operation is settled, and can be made again", async () => {
    await leaveWithLog(live, "old")
    await killedWhileCopying("op")
    expect(await bench.engine.observe(bench.source(live), names, bench.context())).toMatchObject({ live: true, kept: false })
    expect(existsSync(partialPath(names.kept))).toBe(true)

    await bench.engine.endSessions(bench.source(live), "another", bench.context())
    expect(existsSync(partialPath(names.kept))).toBe(true)
    await bench.engine.endSessions(bench.source(live), "op", bench.context())
    expect((await readdir(data)).filter((name) => name.includes("holdfast"))).toEqual([])

    await killedWhileCopying("op")
    await clone()
    expect((await readdir(data)).filter((name) => name.includes(".part"))).toEqual([])
    expect(await wordsIn(names.kept)).toEqual(wordsOf("old"))
  })

  it("is refused, also beforehand, where there is no room for it", async () => {
    await rm(data, { recursive: true })
    await mkdir(data)
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "none", data])
    try {
      makeChat(live, { journalMode: "delete", messages: 1000 })
      const { size } = await stat(live)
      const said = expect.stringMatching(/^copying \S+ needs .* in \S+, .* are free$/) as unknown
      const answer = await bench.engine.canClone?.(bench.source(live), bench.context())
      expect(answer).toEqual({ possible: false, why: said, sizeBytes: size })
      await expect(clone()).rejects.toMatchObject({ code: "SPACE_MISSING", message: said })
      expect(await readdir(data)).toEqual(["superchat.db"])
    } finally {
      execFileSync("umount", [data])
    }
  })

  it("is not made of a file that is a mount point of its own, which could not be renamed", async () => {
    makeChat(live)
    await copyFile(live, join(bench.directory, "outside.db"))
    execFileSync("mount", ["--bind", join(bench.directory, "outside.db"), live])
    try {
      expect(await bench.engine.canClone?.(bench.source(live), bench.context())).toMatchObject({
        possible: false,
        why: `${live} is a mount point of its own and cannot be renamed`,
      })
    } finally {
      execFileSync("umount", [live])
    }
  })
})

async function killedWhileCopying(operationId: string): Promise<void> {
  const script = join(import.meta.dirname, "../../../../test/fixture/sqlite/clone-and-die.ts")
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, live, operationId], { stdio: "inherit" })
  const [, signal]: unknown[] = await once(child, "exit")
  expect(signal).toBe("SIGKILL")
}
