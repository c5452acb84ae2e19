import { chmod, link, lstat, mkdir, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { openPlace, testRestic } from "../../../test/contract/vault-place.ts"
import { describeNeeding } from "../../../test/fixture/needs.ts"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { planTreeSwap, type TreeSwap } from "../../app/tree/swap.ts"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../../base/run-context.ts"
import type { TreeContent } from "./fetch.ts"
import { makeNotesPlace, treeNotes } from "./notes.ts"
import { hasAside, putTreeBack } from "./put-back.ts"
import { writeTreeState } from "./state.ts"

const ctx: RunContext = {
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
  operationId: "20260419t120000-abcdef",
}

/** Everything that a rollback gives back: kind, mode, owner, time, content, and which names are one file. */
async function stateOf(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(root, { recursive: true })).toSorted()) {
    const path = join(root, name)
    const status = await lstat(path, { bigint: true })
    const head = `${(status.mode & 0o7777n).toString(8)} ${status.uid}:${status.gid}`
    if (status.isSymbolicLink()) found[name] = `link ${await readlink(path)}`
    else if (status.isDirectory()) found[name] = `directory ${head}`
    else found[name] = `file ${head} ${status.mtimeNs} x${status.nlink} ${await readFile(path, "latin1")}`
  }
  return found
}

const LONG_AGO = new Date("2024-01-01T00:00:00Z")

interface Stage {
  readonly root: string
  readonly swap: TreeSwap
  readonly content: TreeContent
}

describeNeeding("restic")("putting a tree back", () => {
  async function stage(): Promise<Stage> {
    const directory = await temporaryDirectory("put-back")
    const place = await openPlace("a local path")
    onTestFinished(place.dispose)
    const backend = await testRestic(directory)
    const location = place.location("main")
    await writeFile(location.keyFile, "a key\n", { mode: 0o600 })
    await backend.initialise(location, ctx)
    const root = join(directory, "data")
    await mkdir(join(root, "deep/er"), { recursive: true })
    for (const name of ["same", "changed", "gone", "deep/er/one", "deep/two", "odd [name] *?"])
      await writeFile(join(root, name), `old ${name}`)
    await utimes(join(root, "changed"), LONG_AGO, LONG_AGO)
    await writeFile(join(root, "cache.tmp"), "old cache")
    await writeFile(join(root, "linked"), "one file")
    await link(join(root, "linked"), join(root, "deep/linked too"))
    await symlink("same", join(root, "link"))
    await chmod(join(root, "deep"), 0o751)
    const swap = await planTreeSwap(root, ctx.operationId, ["*.tmp"])
    await makeNotesPlace(swap)
    const tags = { app: "chat", point: "p1", part: "files:data" }
    const stored = await backend.storeTree(location, tags, { root, exclude: [...swap.stays], parent: null }, ctx)
    await writeTreeState(root, swap.stays, treeNotes(swap).stopped, ctx)
    const vault = { location, vaultId: "v", backend }
    return { root, swap, content: { vault, app: "chat", part: "files:data", point: "p1", treeId: stored.treeId } }
  }

  /** As a new version may do it in its migration. */
  async function rewrite(root: string): Promise<void> {
    await writeFile(join(root, "changed"), "NEW changed")
    // With length and time as before: only the kernel knows.
    await utimes(join(root, "changed"), LONG_AGO, LONG_AGO)
    await rm(join(root, "gone"))
    await rm(join(root, "deep/er"), { recursive: true })
    await writeFile(join(root, "deep/er"), "a file where a directory was")
    await rm(join(root, "odd [name] *?"))
    await mkdir(join(root, "odd [name] *?"))
    await writeFile(join(root, "odd [name] *?/inner"), "new")
    await writeFile(join(root, "linked"), "another file")
    await chmod(join(root, "deep"), 0o700)
    await rm(join(root, "link"))
    await symlink("elsewhere", join(root, "link"))
    await mkdir(join(root, "added/below"), { recursive: true })
    await writeFile(join(root, "added/below/file"), "added")
    await writeFile(join(root, "cache.tmp"), "new cache")
  }

  it("gives back exactly what was there, and keeps aside what the new version had made of it", async () => {
    const { root, swap, content } = await stage()
    const before = await stateOf(root)
    await rewrite(root)

    await putTreeBack(swap, content, ctx)

    expect(await stateOf(root)).toEqual({ ...before, "cache.tmp": expect.stringContaining("new cache") })
    expect(await readFile(join(swap.failed, "changed"), "utf8")).toBe("NEW changed")
    expect(await readFile(join(swap.failed, "added/below/file"), "utf8")).toBe("added")
    expect(await readFile(join(swap.failed, "odd [name] *?/inner"), "utf8")).toBe("new")
  })

  it("changes nothing of a tree that is as it was, and asks the vault for nothing", async () => {
    const { root, swap, content } = await stage()
    const before = await stateOf(root)

    expect(await putTreeBack(swap, { ...content, treeId: "not there" }, ctx)).toEqual({ changed: 0 })

    expect(await stateOf(root)).toEqual(before)
    expect(await hasAside(swap)).toBe(false)
  })

  it("ends in the same state when it is done again after having been cut off anywhere", async () => {
    const { root, swap, content } = await stage()
    const before = await stateOf(root)
    await rewrite(root)
    // Each run makes one change more than the one before it and is then cut off.
    let runs = 0
    for (let allowed = 1; ; allowed += 1) {
      let made = 0
      const cut = (): void => {
        made += 1
        if (made > allowed) throw new Error("cut off")
      }
      runs += 1
      const ended = await putTreeBack(swap, content, ctx, cut).catch((thrown: unknown) => thrown)
      if (!(ended instanceof Error)) break
      expect(ended.message).toBe("cut off")
    }

    expect(runs).toBeGreaterThan(5)
    expect(await stateOf(root)).toEqual({ ...before, "cache.tmp": expect.stringContaining("new cache") })
    expect(await readFile(join(swap.failed, "changed"), "utf8")).toBe("NEW changed")
  })

  it("does nothing once it was done: what the old version has written since stays", async () => {
    const { root, swap, content } = await stage()
    await rewrite(root)
    await putTreeBack(swap, content, ctx)
    await writeFile(join(root, "changed"), "written since")

    await putTreeBack(swap, content, ctx)

    expect(await readFile(join(root, "changed"), "utf8")).toBe("written since")
  })

  it("refuses when the vault no longer holds the content, and leaves the tree as it is", async () => {
    const { root, swap, content } = await stage()
    await rewrite(root)
    const now = await stateOf(root)

    await expect(putTreeBack(swap, { ...content, treeId: "0".repeat(64) }, ctx)).rejects.toMatchObject({ code: "POINT_DAMAGED" })

    expect(await stateOf(root)).toEqual(now)
  })
})
