/** What goes wrong without a crash: full disks, signals, a second process, a store that is lost or damaged. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, readdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { randomBytes } from "node:crypto"
import { promisify } from "node:util"
import { afterEach, beforeEach, expect, it } from "vitest"
import { backupOutput, pointsOutput, restoreOutput } from "../../src/contract/output.ts"
import { recordEvidence } from "../fixture/evidence.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import type { StartedCli } from "../scenario/cli.ts"
import { expectNoLeftovers, expectNothingUnfinished, expectPointsWhole, pointIds } from "./invariants.ts"
import { makePlainApp, type PlainPlace } from "./plain-world.ts"

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

let directory = ""
let mounts: string[] = []
let place: PlainPlace

beforeEach(async () => {
  directory = await newDirectory("trouble")
  mounts = []
  place = await makePlainApp(directory)
})

afterEach(async () => {
  for (const mount of mounts) await run("umount", ["--lazy", mount])
  await removeTree(directory)
})

async function smallDisk(path: string, size: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path])
  mounts.push(path)
}

async function backUp(): Promise<string> {
  return (await place.cli.json(backupOutput, ["backup"])).point?.id ?? ""
}

async function expectCalm(): Promise<void> {
  expect(place.isRunning(), "the app does not run").toBe(true)
  expectNothingUnfinished(join(directory, "state"))
  await expectNoLeftovers(directory, { keptAllowed: false })
}

describeNeeding("restic")("a full disk", () => {
  it.runIf(isRoot)("of the vault: the backup says so, the app runs, earlier points are whole, and with space again it works", async () => {
    await smallDisk(join(directory, "vault"), "5m")
    const first = await backUp()
    const before = await place.state()
    await writeFile(join(directory, "app/uploads/big.bin"), randomBytes(8_000_000))

    const error = await place.cli.error("backup", "--cold")
    expect(error).toMatchObject({
      code: "VAULT_FULL",
      exitCode: 45,
      what: "cannot store files:uploads (vault local)",
      hint: "Free space at the vault; `holdfast doctor --free-space` shows what can go.",
      retryable: true,
    })
    expect(error.why).toMatch(/no space left on device/i)
    await expectCalm()
    expect(await expectPointsWhole(place.cli, "chat")).toEqual([first])

    await rm(join(directory, "app/uploads/big.bin"))
    expect(await place.state()).toEqual(before)
    await backUp()
    expect(await expectPointsWhole(place.cli, "chat")).toHaveLength(2)
  })

  it.runIf(isRoot)("of the restore's target is told before the app is stopped", async () => {
    await smallDisk(join(directory, "app/uploads"), "4m")
    await writeFile(join(directory, "app/uploads/big.bin"), randomBytes(2_500_000))
    const id = await backUp()
    await place.change("two")
    const before = await place.state()
    await rm(join(directory, "app/run.sh"))

    const error = await place.cli.error("restore", "chat", id, "--yes")
    expect(error).toMatchObject({ code: "SPACE_MISSING", exitCode: 102, hint: "Free the space that is named; nothing was changed." })
    expect(error.what).toMatch(/^\S+ has [\d.]+ \S+ free, [\d.]+ \S+ are needed beside the live state$/)
    expect(await place.state()).toEqual(before)
    await expectCalm()
  })

  it.runIf(isRoot)("that fills while the restore stages leaves the old data in place and the app running", async () => {
    // Many tiny files: few bytes by the plan's count, a block each on the disk.
    await smallDisk(join(directory, "app/uploads"), "5m")
    for (let index = 0; index < 700; index += 1) await writeFile(join(directory, `app/uploads/${index}.txt`), "x")
    const id = await backUp()
    await place.change("two")
    const before = await place.state()

    const error = await place.cli.error("restore", "chat", id, "--yes")
    expect(error.code).toBe("SPACE_MISSING")
    expect(await place.state()).toEqual(before)
    await expectCalm()
    expect(await expectPointsWhole(place.cli, "chat")).toContain(id)
  })
})

/** The stop command waits as long as this file is there. */
async function holdStop(): Promise<() => Promise<void>> {
  const app = join(directory, "app")
  await writeFile(join(app, "hold"), "")
  await writeFile(
    join(app, "run.sh"),
    `case $1 in start) : > ${app}/running ;; stop) rm -f ${app}/running; while [ -e ${app}/hold ]; do sleep 0.05; done ;; esac\n`,
  )
  return async () => await rm(join(app, "hold"))
}

async function untilStopped(started: StartedCli): Promise<void> {
  await expect.poll(() => place.isRunning(), { timeout: 60_000, message: started.said() }).toBe(false)
}

describeNeeding("restic")("an interruption on request", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("%s in a cold backup: its own exit code, no point, the app runs", async (signal) => {
    const first = await backUp()
    const before = await place.state()
    const release = await holdStop()
    const started = place.cli.start("backup", "--cold")
    await untilStopped(started)
    started.kill(signal)
    await release()
    const ended = await started.done
    expect(ended.exitCode, ended.stderr).toBe(130)
    expect(ended.stderr).toContain(`${signal} was received`)
    expect(await place.state()).toEqual(before)
    await expectCalm()
    expect(await pointIds(place.cli, "chat")).toEqual([first])
  })

  it.each(["SIGTERM", "SIGINT"] as const)("%s in a restore: its own exit code, the old data, the app runs", async (signal) => {
    const id = await backUp()
    await place.cli.run("verify")
    await place.change("two")
    const before = await place.state()
    const release = await holdStop()
    const started = place.cli.start("restore", "chat", id, "--yes")
    await untilStopped(started)
    started.kill(signal)
    await release()
    const ended = await started.done
    expect(ended.exitCode, ended.stderr).toBe(130)
    expect(await place.state()).toEqual(before)
    await expectCalm()
    expect(await expectPointsWhole(place.cli, "chat")).toContain(id)
  })

  it("a second process is refused at once, with the holder named", async () => {
    await backUp()
    const release = await holdStop()
    const started = place.cli.start("backup", "--cold", "--label", "long one")
    await untilStopped(started)
    try {
      const plain = await fastest(async () => (await place.cli.run("--version")).durationMs)
      const refused = await fastest(async () => (await place.cli.run("backup")).durationMs)
      const error = await place.cli.error("backup")
      expect(error).toMatchObject({
        code: "OPERATION_BUSY",
        exitCode: 113,
        what: "chat is being worked on by another operation",
        hint: "Wait until the named operation is done, or cancel it with `holdfast cancel`.",
      })
      expect(error.why).toMatch(
        new RegExp(
          String.raw`^\`holdfast backup --cold --label "long one"\` \(process ${started.processId} on \S+.*\) runs operation \S+ since \S+, for `,
        ),
      )
      expect(refused - plain, "refusing took its time").toBeLessThan(1000)
      recordEvidence("refusal of a second process", {
        title: "A second process is refused",
        facts: { "whole command": `${Math.round(refused)} ms`, "of it the program's start": `${Math.round(plain)} ms` },
      })
    } finally {
      await release()
    }
    expect((await started.done).exitCode).toBe(0)
    await expectCalm()
  })
})

async function fastest(measure: () => Promise<number>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 3; round += 1) times.push(await measure())
  return Math.min(...times)
}

describeNeeding("restic")("the store", () => {
  it("that is deleted comes back from the vault: points, pins, proofs, and the way to undo a restore", async () => {
    const old = await backUp()
    expect((await place.cli.run("pin", "chat", old, "--reason", "audit")).exitCode).toBe(0)
    await place.change("two")
    const newest = await backUp()
    expect((await place.cli.run("verify", "chat", newest)).exitCode).toBe(0)
    const replaced = await place.state()
    const { operationId } = await place.cli.json(restoreOutput, ["restore", "chat", old, "--yes"])
    const before = (await place.cli.json(pointsOutput, ["points", "chat"])).points

    for (const name of await readdir(join(directory, "state")))
      if (name.startsWith("store.sqlite")) await rm(join(directory, "state", name))
    const after = (await place.cli.json(pointsOutput, ["points", "chat"])).points
    expect(after).toEqual(before)
    expect(after.find((one) => one.id === old)?.pinned).toBe(true)
    expect(after.find((one) => one.id === newest)?.proof?.level).toBe("read")

    expect((await place.cli.run("undo", operationId, "--yes")).stderr).not.toContain("error")
    expect(await place.state()).toEqual(replaced)
    await expectCalm()
  })

  it("that is deleted makes no expiry forget a pin", async () => {
    const old = await backUp()
    expect((await place.cli.run("pin", "chat", old)).exitCode).toBe(0)
    await place.change("two")
    const newest = await backUp()
    for (const name of await readdir(join(directory, "state")))
      if (name.startsWith("store.sqlite")) await rm(join(directory, "state", name))
    await place.cli.run("expire", "chat", "--yes")
    expect(await expectPointsWhole(place.cli, "chat")).toEqual([newest, old])
  })

  it("that is damaged is named, with what to do, and moving it aside is enough", async () => {
    const id = await backUp()
    const store = join(directory, "state/store.sqlite")
    for (const ending of ["-wal", "-shm"]) await rm(`${store}${ending}`, { force: true })
    await writeFile(store, randomBytes(20_000))
    const error = await place.cli.error("points")
    expect(error).toMatchObject({
      code: "STORE_UNREADABLE",
      exitCode: 119,
      what: `the store ${store} is damaged`,
      hint: "Move the store aside; it is rebuilt from the vault by the next command.",
    })
    await rm(store)
    expect(await pointIds(place.cli, "chat")).toEqual([id])
    expect(existsSync(store)).toBe(true)
  })
})
