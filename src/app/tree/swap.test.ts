import { execFileSync } from "node:child_process"
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress } from "../../base/run-context.ts"
import { dropKeptTree, dropStays, observeTreeSwap, planTreeSwap, swapTreeBack, swapTreeIn, type TreeSwap } from "./swap.ts"

const ctx = { signal: new AbortController().signal, progress: silentProgress, log: silentLog, clock: systemClock, operationId: "op" }
const OLD = { "a.txt": "old a", "only-old": "x", "sub/deep/b": "old b" }
const NEW = { "a.txt": "new a", "only-new": "y", "sub/deep/b": "new b", "sub/c": "new c" }

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-tree-swap-"))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** A tree as `path: content`, with the root's own mode. Entries of ours are not part of it. */
async function contentOf(root: string): Promise<Record<string, string> | null> {
  if ((await stat(root).catch(() => null)) === null) return null
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.parentPath.slice(root.length).startsWith("/.holdfast-op"))
  const read = files.map(async (entry): Promise<[string, string]> => {
    const path = join(entry.parentPath, entry.name)
    return [path.slice(root.length + 1), await readFile(path, "utf8")]
  })
  return { ...Object.fromEntries(await Promise.all(read)), mode: ((await lstat(root)).mode & 0o777).toString(8) }
}

async function fill(root: string, files: Record<string, string>, mode: number): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true })
    await writeFile(join(root, path), content)
  }
  await chmod(root, mode)
}

const oldState = { ...OLD, mode: "750" }
const newState = { ...NEW, mode: "705" }

interface Place {
  readonly title: string
  prepare(): Promise<string>
  /** Some places keep the replaced state in the root itself. */
  release?(root: string): void
}

const places: readonly Place[] = [
  { title: "a directory", prepare: async () => await made("tree") },
  { title: "a docker volume", prepare: async () => await made("volumes/chat_files/_data") },
  {
    title: "a mount point",
    prepare: async () => {
      const root = await made("mounted")
      execFileSync("mount", ["-t", "tmpfs", "none", root])
      return root
    },
    release: (root) => void execFileSync("umount", [root]),
  },
]

async function made(path: string): Promise<string> {
  await mkdir(join(directory, path), { recursive: true })
  return join(directory, path)
}

class Crash extends Error {}

/** Runs, and dies before the change with this number; false when there were not that many. */
async function dieBefore(change: number, run: (before: () => void) => Promise<void>): Promise<boolean> {
  let seen = 0
  try {
    await run(() => {
      seen += 1
      if (seen === change) throw new Crash()
    })
    return false
  } catch (thrown) {
    if (thrown instanceof Crash) return true
    throw thrown
  }
}

async function withPlace<T>(place: Place, use: (root: string, swap: TreeSwap) => Promise<T>): Promise<T> {
  const root = await place.prepare()
  try {
    await fill(root, OLD, 0o750)
    const swap = await planTreeSwap(root, "op")
    await fill(swap.staged, NEW, 0o705)
    return await use(root, swap)
  } finally {
    place.release?.(root)
    await rm(directory, { recursive: true, force: true })
  }
}

describe.each(places)("$title is replaced by renames", (place) => {
  it("swaps in and back, whole, and does no harm when repeated", async () => {
    await withPlace(place, async (root, swap) => {
      for (const _ of [1, 2]) {
        await swapTreeIn(swap, ctx)
        expect(await contentOf(root)).toEqual(newState)
        expect(await contentOf(swap.kept)).toEqual(oldState)
        expect(await observeTreeSwap(swap)).toEqual({ live: true, staged: false, kept: true, failed: false })
      }
      for (const _ of [1, 2]) {
        await swapTreeBack(swap, ctx)
        expect(await contentOf(root)).toEqual(oldState)
        expect(await contentOf(swap.failed)).toEqual(newState)
        expect(await observeTreeSwap(swap)).toEqual({ live: true, staged: false, kept: false, failed: true })
      }
      await dropKeptTree(swap, "failed", ctx)
      await dropKeptTree(swap, "failed", ctx)
      expect(await contentOf(root)).toEqual(oldState)
      expect((await readdir(root)).toSorted()).toEqual(["a.txt", "only-old", "sub"])
    })
  })

  it("ends in the new state when the swap died before any of its changes and is done again", async () => {
    let died = 0
    for (let change = 1; await dyingBefore(change); change += 1) died += 1
    expect(died).toBeGreaterThanOrEqual(2)
  })

  it("ends in the old state when the swap died before any of its changes and is undone, even if undoing dies too", async () => {
    for (let change = 1; await undoneAfter(change); change += 1) continue
  })

  /** False when the swap has fewer changes than that. */
  async function dyingBefore(change: number): Promise<boolean> {
    return await withPlace(place, async (root, swap) => {
      const died = await dieBefore(change, async (before) => await swapTreeIn(swap, ctx, before))
      await swapTreeIn(swap, ctx)
      expect(await contentOf(root), `after change ${change}`).toEqual(newState)
      expect(await contentOf(swap.kept), `after change ${change}`).toEqual(oldState)
      return died
    })
  }

  async function undoneAfter(change: number): Promise<boolean> {
    for (let undone = 1; ; undone += 2) {
      const { died, diedUndoing } = await withPlace(place, async (root, swap) => {
        const first = await dieBefore(change, async (before) => await swapTreeIn(swap, ctx, before))
        const second = await dieBefore(undone, async (before) => await swapTreeBack(swap, ctx, before))
        await swapTreeBack(swap, ctx)
        expect(await contentOf(root), `died before ${change}, undoing before ${undone}`).toEqual(oldState)
        expect((await observeTreeSwap(swap)).kept).toBe(false)
        return { died: first, diedUndoing: second }
      })
      if (!diedUndoing) return died
    }
  }
})

describe("a directory that was not there", () => {
  it("is made by the swap and is gone after undoing", async () => {
    const root = join(directory, "fresh")
    const swap = await planTreeSwap(root, "op")
    await fill(swap.staged, NEW, 0o705)
    await swapTreeIn(swap, ctx)
    expect(await contentOf(root)).toEqual(newState)
    await swapTreeBack(swap, ctx)
    await swapTreeBack(swap, ctx)
    expect(await contentOf(root)).toBeNull()
    expect(await contentOf(swap.failed)).toEqual(newState)
  })
})

it("a directory that something made while the name was free is set aside, not merged", async () => {
  const root = await made("tree")
  await fill(root, OLD, 0o750)
  const swap = await planTreeSwap(root, "op")
  await fill(swap.staged, NEW, 0o705)
  expect(await dieBefore(2, async (before) => await swapTreeIn(swap, ctx, before))).toBe(true)
  await fill(root, { stranger: "z" }, 0o755)
  await swapTreeIn(swap, ctx)
  expect(await contentOf(root)).toEqual(newState)
  expect(await contentOf(swap.kept)).toEqual(oldState)
  expect(await contentOf(swap.failed)).toEqual({ stranger: "z", mode: "755" })
})

it("a link to the directory is resolved, and the link stays", async () => {
  const root = await made("tree")
  await symlink(root, join(directory, "link"))
  expect((await planTreeSwap(join(directory, "link"), "op")).root).toBe(root)
})

it("a directory with another mount inside is refused before anything is changed", async () => {
  const inner = await made("tree/inner")
  execFileSync("mount", ["-t", "tmpfs", "none", inner])
  try {
    await expect(planTreeSwap(join(directory, "tree"), "op")).rejects.toMatchObject({
      code: "NOT_PERMITTED",
      message: `${join(directory, "tree")} cannot be replaced, something is mounted inside it: ${inner}`,
    })
  } finally {
    execFileSync("umount", [inner])
  }
})

it.each(["tree", "volumes/chat_files/_data"])("an immutable entry in %s leaves the old data where it was, and says so", async (place) => {
  const root = await made(place)
  await fill(root, OLD, 0o750)
  const swap = await planTreeSwap(root, "op")
  await fill(swap.staged, NEW, 0o705)
  const immutable = swap.mode === "rename" ? root : join(root, "sub")
  execFileSync("chattr", ["+i", immutable])
  try {
    await expect(swapTreeIn(swap, ctx)).rejects.toMatchObject({
      code: "NOT_PERMITTED",
      message: `${immutable} cannot be moved aside`,
      why: "it is immutable or append-only, or belongs to somebody else (EPERM)",
    })
    expect(await contentOf(root)).toEqual(oldState)
    expect(await observeTreeSwap(swap)).toEqual({ live: true, staged: true, kept: false, failed: false })
  } finally {
    execFileSync("chattr", ["-i", immutable])
  }
})

describe.each(places)("$title with entries that no point holds", (place) => {
  const STAYS = ["/app.db", "/app.db-wal", "/sub/deep/inner.db", "*.cache"]
  const kept = {
    "app.db": "live rows",
    "app.db-wal": "live log",
    ".app.db.holdfast-kept-before": "kept by an earlier restore",
    "gone/only.cache": "in a directory that the point does not have",
    "sub/deep/inner.db": "nested",
  }

  async function withStays<T>(use: (root: string, swap: TreeSwap) => Promise<T>): Promise<T> {
    const root = await place.prepare()
    try {
      await fill(root, { ...OLD, ...kept }, 0o750)
      await chmod(join(root, "gone"), 0o711)
      const swap = await planTreeSwap(root, "op", STAYS)
      // A point made by other settings may hold what is left alone now.
      await fill(swap.staged, { ...NEW, "app.db": "torn copy", ".app.db.holdfast-kept-before": "stale" }, 0o705)
      await dropStays(swap, swap.staged)
      return await use(root, swap)
    } finally {
      place.release?.(root)
      await rm(directory, { recursive: true, force: true })
    }
  }

  it("leaves them in the live tree, going in and back, whatever died in between", async () => {
    let changes = 0
    for (let died = true, change = 1; died; change += 1) {
      died = await withStays(async (root, swap) => {
        const first = await dieBefore(change, async (before) => await swapTreeIn(swap, ctx, before))
        await swapTreeIn(swap, ctx)
        expect(await contentOf(root), `after change ${change}`).toEqual({ ...newState, ...kept })
        expect((await lstat(join(root, "gone"))).mode & 0o777).toBe(0o711)
        await swapTreeBack(swap, ctx)
        expect(await contentOf(root), `after change ${change}, undone`).toEqual({ ...oldState, ...kept })
        await dropKeptTree(swap, "failed", ctx)
        expect(await contentOf(root)).toEqual({ ...oldState, ...kept })
        return first
      })
      if (died) changes += 1
    }
    expect(changes).toBeGreaterThanOrEqual(4)
  })

  it("leaves them in the live tree when the swap died and undoing it died too", async () => {
    let died = true
    for (let change = 1; died; change += 1) {
      for (let undone = 1, diedUndoing = true; diedUndoing; undone += 2) {
        ;[died, diedUndoing] = await withStays(async (root, swap) => {
          const first = await dieBefore(change, async (before) => await swapTreeIn(swap, ctx, before))
          const second = await dieBefore(undone, async (before) => await swapTreeBack(swap, ctx, before))
          await swapTreeBack(swap, ctx)
          expect(await contentOf(root), `died before ${change}, undoing before ${undone}`).toEqual({ ...oldState, ...kept })
          return [first, second] as const
        })
      }
    }
  })

  it("never loses one to something that took its place", async () => {
    await withStays(async (root, swap) => {
      await fill(swap.staged, { gone: "a file where there was a directory" }, 0o705)
      await expect(swapTreeIn(swap, ctx)).rejects.toMatchObject({
        code: "TARGET_NOT_EMPTY",
        message: `${join(root, "gone/only.cache")} is in the place of what a restore leaves alone`,
      })
      await swapTreeBack(swap, ctx)
      expect(await contentOf(root)).toEqual({ ...oldState, ...kept })
    })
  })
})
