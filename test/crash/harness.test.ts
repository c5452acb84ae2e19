import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { crashTable, walkCrashMatrix, type CrashMatrix, type CrashWorld } from "./harness.ts"

const entry = join(import.meta.dirname, "toy.ts")

async function toyWorld(kind: "sound" | "broken"): Promise<CrashWorld> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-toy-"))
  await writeFile(join(directory, "live"), "old")
  return {
    directory,
    words: ["replace", directory, kind],
    settleWords: ["settle", directory, kind],
    environment: {},
    dispose: async () => await rm(directory, { recursive: true, force: true }),
  }
}

async function checkToy(world: CrashWorld): Promise<void> {
  expect(["old", "new"]).toContain(await readFile(join(world.directory, "live"), "utf8"))
  expect(existsSync(join(world.directory, "staged")), "a staged file is left").toBe(false)
}

const toy = (kind: "sound" | "broken"): CrashMatrix => ({
  entry,
  prepare: async () => await toyWorld(kind),
  check: checkToy,
  phases: ["before", "after"],
})

describe("the crash harness", () => {
  it(
    "kills a run before and after each of its writes (a state that is the same once only), settles, and finds the invariants holding",
    { timeout: 120_000 },
    async () => {
      const report = await walkCrashMatrix(toy("sound"))

      expect(report.writes).toEqual([
        "acquireLease",
        "createOperation export",
        "beginStep stage",
        "endStep stage done",
        "beginStep swap",
        "endStep swap done",
        "finishOperation succeeded",
        "releaseLease",
      ])
      expect(report.points.map((point) => `${point.phase} ${point.label}`)).toHaveLength(15)
      expect(crashTable(report)[4]).toMatch(/^SIGKILL before write 3 \(beginStep stage\) +settled in \d+\.\d s$/)
    },
  )

  it("survives kills of the settling itself", { timeout: 120_000 }, async () => {
    const report = await walkCrashMatrix({ ...toy("sound"), phases: ["before"], killSettlingAt: [1, 2, 3] })

    expect(report.points).toHaveLength(8)
  })

  it("names the kill point after which an invariant is broken", { timeout: 120_000 }, async () => {
    await expect(walkCrashMatrix(toy("broken"))).rejects.toThrow(
      /^an invariant is broken after SIGKILL before write 4 \(endStep stage done\): AssertionError: a staged file is left/,
    )
  })

  it("refuses a program that writes nothing and one that fails by itself", { timeout: 120_000 }, async () => {
    const nothing = { ...toy("sound"), prepare: async () => ({ ...(await toyWorld("sound")), words: ["settle", "."] }) }
    await expect(walkCrashMatrix(nothing)).rejects.toThrow("the run that nothing interrupts wrote nothing")
    const failing = { ...toy("sound"), prepare: async () => ({ ...(await toyWorld("sound")), words: ["replace", "live/below-a-file"] }) }
    await expect(walkCrashMatrix(failing)).rejects.toThrow("the run that nothing interrupts failed")
  })
})
