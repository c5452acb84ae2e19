import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { dropFile, planFileSwap, swapFileBack, swapFileIn, type FileSwap } from "./file-swap.ts"
import { reverse } from "./undo.ts"

const OLD = "old"
const NEW = "new"

async function staged(existed: boolean): Promise<FileSwap> {
  const live = join(await temporaryDirectory("file-swap"), "secret.env")
  if (existed) writeFileSync(live, OLD)
  const swap = await planFileSwap(live, "op1")
  writeFileSync(swap.staged, NEW)
  return swap
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null
}

function names(swap: FileSwap): readonly string[] {
  return readdirSync(join(swap.live, "..")).toSorted()
}

async function dropAll(swap: FileSwap): Promise<void> {
  for (const what of ["staged", "failed"] as const) await dropFile(swap[what])
}

/** The system calls of a swap in, in order; a crash may come after any number of them. */
const stepsIn: readonly ((swap: FileSwap) => void)[] = [
  (swap) => linkSync(swap.live, swap.kept),
  (swap) => renameSync(swap.staged, swap.live),
]

describe.each([0, 1, 2])("a swap that crashed after %i of its 2 steps", (done) => {
  async function crashed(): Promise<FileSwap> {
    const swap = await staged(true)
    for (const step of stepsIn.slice(0, done)) step(swap)
    expect(read(swap.live)).toBe(done === 2 ? NEW : OLD)
    return swap
  }

  it("is finished by doing it again, however often", async () => {
    const swap = await crashed()
    await swapFileIn(swap)
    await swapFileIn(swap)
    expect([read(swap.live), read(swap.kept)]).toEqual([NEW, OLD])
  })

  it("is undone to the old file with nothing left beside it, however often", async () => {
    const swap = await crashed()
    await swapFileBack(swap)
    await swapFileBack(swap)
    await dropAll(swap)
    expect(read(swap.live)).toBe(OLD)
    expect(names(swap)).toEqual(["secret.env"])
  })
})

describe.each([0, 1, 2])("swapping back that crashed after %i of its 2 steps", (done) => {
  it("is finished by doing it again, and what was live is set aside", async () => {
    const swap = await staged(true)
    await swapFileIn(swap)
    if (done > 0) linkSync(swap.live, swap.failed)
    if (done > 1) renameSync(swap.kept, swap.live)
    await swapFileBack(swap)
    expect([read(swap.live), read(swap.failed), read(swap.kept)]).toEqual([OLD, NEW, null])
    await dropAll(swap)
    expect(names(swap)).toEqual(["secret.env"])
  })
})

describe("a file that was not there before", () => {
  it("is made by the swap and gone after swapping back, whatever was done twice", async () => {
    const swap = await staged(false)
    await swapFileIn(swap)
    await swapFileIn(swap)
    expect([read(swap.live), read(swap.kept)]).toEqual([NEW, null])
    await swapFileBack(swap)
    await swapFileBack(swap)
    expect([read(swap.live), read(swap.failed)]).toEqual([null, NEW])
  })

  it("is not there after a swap that was never made", async () => {
    const swap = await staged(false)
    await swapFileBack(swap)
    expect(names(swap)).toEqual([])
  })
})

function reversed(swap: FileSwap): FileSwap {
  const replacement = reverse({ kind: "file", part: "secrets", stored: "0-secret.env", swap })
  if (replacement.kind !== "file") throw new Error("a file stays a file")
  return replacement.swap
}

describe("undo, the same swap in the other direction", () => {
  it("brings the old file back and keeps what was live until it is dropped", async () => {
    const swap = await staged(true)
    await swapFileIn(swap)
    writeFileSync(swap.live, "new, and written since")
    const undo = reversed(swap)
    await swapFileIn(undo)
    expect([read(undo.live), read(undo.kept)]).toEqual([OLD, "new, and written since"])
    await swapFileBack(undo)
    expect([read(undo.live), read(undo.failed)]).toEqual(["new, and written since", OLD])
  })

  it.each([0, 1, 2])("removes a file that the restore had made; a crash after step %i of 2 is finished or taken back", async (done) => {
    for (const finish of [true, false]) {
      const swap = await staged(false)
      await swapFileIn(swap)
      const undo = reversed(swap)
      if (done > 0) linkSync(undo.live, undo.kept)
      if (done > 1) rmSync(undo.live)
      await (finish ? swapFileIn(undo) : swapFileBack(undo))
      await (finish ? swapFileIn(undo) : swapFileBack(undo))
      expect(read(undo.live)).toBe(finish ? null : NEW)
      if (finish) {
        expect(read(undo.kept)).toBe(NEW)
        await dropFile(undo.kept)
      } else await dropAll(undo)
      expect(names(swap)).toEqual(finish ? [] : ["secret.env"])
    }
  })
})

it("every name of a swap lies beside the file, hidden and with the operation's id, so that a rename is one step", async () => {
  const swap = await planFileSwap("/srv/app/secret.env", "op7")
  expect(swap).toEqual({
    live: "/srv/app/secret.env",
    staged: "/srv/app/.secret.env.holdfast-staged-op7",
    kept: "/srv/app/.secret.env.holdfast-kept-op7",
    failed: "/srv/app/.secret.env.holdfast-failed-op7",
    existed: false,
    removes: false,
  })
})
