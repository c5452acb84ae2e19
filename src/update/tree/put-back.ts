/**
 * Gives a tree back the state that was noted when everything stood still: what is not as it was is moved aside, and what was there comes
 * back from the vault. What is to be done is decided once and written down; each entry is then done by what exists, so that repeating it
 * after a crash ends in the same state. Nobody else writes meanwhile: the app is stopped.
 */
import { constants, createReadStream } from "node:fs"
import { access, chmod, lchown, lstat, mkdir, open, rename, rm, utimes } from "node:fs/promises"
import { dirname } from "node:path"
import { createInterface } from "node:readline"
import { z } from "zod"
import { exists, move, type Step } from "../../app/tree/swap-steps.ts"
import { dropKeptTree, type TreeSwap } from "../../app/tree/swap.ts"
import { joined, shown, type TreePath } from "../../app/tree/tree-path.ts"
import { syncDirectory } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { changesSince, sameContent } from "./changes.ts"
import { fetchEntries, type TreeContent } from "./fetch.ts"
import { treeNotes } from "./notes.ts"
import { entryOf, lineOf, readTreeState, spaceMissing, type TreeEntry } from "./state.ts"

/** `aside`: what lies there now was not there before, or is not what was there. `back`: what was there comes back. `dress`: owner, mode and time. */
type Task = { readonly kind: "aside"; readonly path: string } | { readonly kind: "back" | "dress"; readonly was: TreeEntry }

/** Puts everything right. Repeatable. Throws FILES_DIFFER when the tree is not as it was afterwards, and what the vault throws. */
export async function putTreeBack(
  swap: TreeSwap,
  content: TreeContent,
  ctx: RunContext,
  before?: Step,
): Promise<{ readonly changed: number }> {
  const notes = treeNotes(swap)
  // The old version may have run since, and what it wrote is not ours to take back.
  if (await exists(notes.done)) return { changed: 0 }
  if (!(await exists(notes.stopped)))
    throw new HoldfastError("FILES_DIFFER", {
      what: `the note of what ${swap.root} was before the update is gone`,
      why: notes.stopped,
      hint: "The files were left as they are. Restore them from the safety point with `holdfast restore POINT --only files`.",
    })
  if (!(await exists(notes.putBack))) await decide(swap, ctx)
  const tasks = await readTasks(notes.putBack)
  const wanted = tasks.flatMap((task) => (task.kind === "back" && task.was.kind !== "directory" ? [task.was] : []))
  if (wanted.length > 0 && !(await exists(notes.fetched))) await fetchEntries(swap, wanted, content, ctx)
  for (const task of tasks) if (task.kind !== "dress") await perform(swap, task, before)
  // From the inside out: what is put into a directory changes its time.
  for (const task of tasks.toReversed()) if (task.kind === "dress") await dress(swap, task.was, before)
  await requireAsBefore(swap)
  await rename(notes.stopped, notes.done)
  await syncDirectory(swap.kept)
  await rm(swap.staged, { recursive: true, force: true })
  return { changed: tasks.filter((task) => task.kind !== "dress").length }
}

/** Removes what putting back needed and nobody needs any more; what was moved aside stays. */
export async function forgetPutBack(swap: TreeSwap, ctx: RunContext): Promise<void> {
  await dropKeptTree(swap, "staged", ctx)
  await dropKeptTree(swap, "kept", ctx)
}

async function decide(swap: TreeSwap, ctx: RunContext): Promise<void> {
  const { stopped, putBack } = treeNotes(swap)
  const unfinished = `${putBack}.unfinished`
  const file = await open(unfinished, "w", 0o600)
  try {
    for (const task of await tasksOf(swap, stopped, ctx)) await file.write(taskLine(task))
    await file.sync()
  } catch (thrown) {
    throw spaceMissing(thrown, dirname(putBack))
  } finally {
    await file.close()
  }
  await rename(unfinished, putBack)
  await syncDirectory(dirname(putBack))
}

async function tasksOf(swap: TreeSwap, stopped: string, ctx: RunContext): Promise<readonly Task[]> {
  const tasks: Task[] = []
  const touched = new Set<string>()
  const comesBack = (was: TreeEntry): void => {
    tasks.push({ kind: "back", was })
    touched.add(parentOf(was.path))
    if (was.kind === "directory") touched.add(was.path)
  }
  for await (const change of changesSince(stopped, swap.root, swap.stays)) {
    ctx.signal.throwIfAborted()
    if (change.kind === "directory") touched.add(change.was.path)
    else if (change.kind === "added") {
      tasks.push({ kind: "aside", path: change.path })
      touched.add(parentOf(change.path))
    } else {
      if (change.kind === "changed") tasks.push({ kind: "aside", path: change.was.path })
      comesBack(change.was)
    }
  }
  if (touched.size === 0) return tasks
  return [...tasks, ...(await dressTasks(stopped, touched))]
}

async function dressTasks(stopped: string, touched: ReadonlySet<string>): Promise<readonly Task[]> {
  const tasks: Task[] = []
  for await (const was of readTreeState(stopped)) if (was.kind === "directory" && touched.has(was.path)) tasks.push({ kind: "dress", was })
  return tasks
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/")
  return slash === -1 ? "" : path.slice(0, slash)
}

const asideSchema = z.object({ aside: z.string() })
const wasSchema = z.object({ kind: z.enum(["back", "dress"]), was: z.string() })

function taskLine(task: Task): string {
  const line = task.kind === "aside" ? { aside: task.path } : { kind: task.kind, was: lineOf(task.was).trimEnd() }
  return `${JSON.stringify(line)}\n`
}

async function readTasks(path: string): Promise<readonly Task[]> {
  const tasks: Task[] = []
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (line === "") continue
    const parsed: unknown = JSON.parse(line)
    const aside = asideSchema.safeParse(parsed)
    if (aside.success) tasks.push({ kind: "aside", path: aside.data.aside })
    else {
      const { kind, was } = wasSchema.parse(parsed)
      tasks.push({ kind, was: entryOf(was) })
    }
  }
  return tasks
}

async function perform(swap: TreeSwap, task: Exclude<Task, { kind: "dress" }>, before: Step | undefined): Promise<void> {
  const notes = treeNotes(swap)
  if (task.kind === "aside") return await moveAside(swap, task.path, before)
  const live = inside(swap.root, task.was.path)
  if (task.was.kind === "directory") {
    if (await exists(live)) return
    before?.(`make ${live.toString()}`)
    await mkdir(live, { mode: 0o700 })
    return
  }
  const fetched = inside(notes.fetched, task.was.path)
  if (await exists(fetched)) await move(fetched, live, before)
  else if (!(await exists(live)))
    throw new HoldfastError("FILES_DIFFER", { what: `the vault holds no ${shown(live)} of before the update` })
}

/** What lies aside already was moved before a crash: then what is live is what came back. */
async function moveAside(swap: TreeSwap, path: string, before: Step | undefined): Promise<void> {
  const aside = inside(treeNotes(swap).aside, path)
  const live = inside(swap.root, path)
  if ((await exists(aside)) || !(await exists(live))) return
  await mkdir(parentPath(aside), { recursive: true, mode: 0o700 })
  await move(live, aside, before)
}

function parentPath(path: TreePath): TreePath {
  return path.subarray(0, path.lastIndexOf("/"))
}

function inside(root: string, path: string): TreePath {
  return path === "" ? Buffer.from(root) : joined(Buffer.from(root), Buffer.from(path, "latin1"))
}

async function dress(swap: TreeSwap, was: TreeEntry, before: Step | undefined): Promise<void> {
  const path = inside(swap.root, was.path)
  before?.(`dress ${path.toString()}`)
  const is = await lstat(path)
  if (is.uid !== was.uid || is.gid !== was.gid) await lchown(path, was.uid, was.gid)
  await chmod(path, was.mode)
  const modifiedSeconds = Number(was.modifiedNs) / 1e9
  await utimes(path, modifiedSeconds, modifiedSeconds)
}

/** Times of directories are put back as exactly as a program can, so they are not compared. */
async function requireAsBefore(swap: TreeSwap): Promise<void> {
  const { stopped, aside } = treeNotes(swap)
  for await (const change of changesSince(stopped, swap.root, swap.stays)) {
    if (change.kind === "directory") continue
    if (change.kind === "changed" && (await isAsBefore(swap, change.was))) continue
    const path = change.kind === "added" ? change.path : change.was.path
    throw new HoldfastError("FILES_DIFFER", {
      what: `${shown(inside(swap.root, path))} is not as it was before the update`,
      why: change.kind === "gone" ? "it is not there" : "it is another one",
      hint: `What the new version had made of the files lies in ${aside}. Restore them from the safety point with \`holdfast restore POINT --only files\`.`,
    })
  }
}

async function isAsBefore(swap: TreeSwap, was: TreeEntry): Promise<boolean> {
  const status = await lstat(inside(swap.root, was.path), { bigint: true })
  const kind = status.isFile() ? "file" : status.isSymbolicLink() ? "link" : "directory"
  const is: TreeEntry = {
    ...was,
    kind,
    sizeBytes: Number(status.size),
    modifiedNs: String(status.mtimeNs),
    mode: Number(status.mode) & 0o7777,
    uid: Number(status.uid),
    gid: Number(status.gid),
  }
  return sameContent(was, is)
}

/** Whether something of the new version was moved aside. */
export async function hasAside(swap: TreeSwap): Promise<boolean> {
  return await access(treeNotes(swap).aside, constants.F_OK).then(
    () => true,
    () => false,
  )
}
