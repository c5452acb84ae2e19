/** Moves a checkout between two commits, so that an interrupted move is finished, or taken back, by doing it once more. */
import { chmod, copyFile, lstat, readlink, rm, rmdir } from "node:fs/promises"
import { dirname, isAbsolute, join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { CheckoutMove } from "../../release/checkout-ports.ts"
import type { FetchContext } from "../../release/ports.ts"
import type { ChildResult } from "../process/process.ts"
import { gitFailed, idOf, type Ask, type GitCall } from "./run.ts"

/** Calls of git in one checkout, as its owner. */
export interface InCheckout {
  readonly root: string
  readonly ask: Ask
  call(args: readonly string[], ctx: FetchContext, more?: Pick<GitCall, "stdin" | "stdout">): Promise<ChildResult>
}

interface Side {
  readonly mode: string
  readonly blob: string
}

/** One path in the two commits; null where one of them does not have it. */
interface Difference {
  readonly path: string
  readonly from: Side | null
  readonly to: Side | null
}

/** See `Checkouts.put`. In this order a reader of HEAD never sees a commit whose files are not there yet. */
export async function putCheckout(
  there: InCheckout,
  move: CheckoutMove,
  which: "from" | "to",
  copyEnding: string,
  ctx: FetchContext,
): Promise<readonly string[]> {
  const { root } = there
  const target = idOf(move[which])
  const what = `the git checkout ${root} cannot be moved to ${target}`
  await removeLocks(there, ctx)
  const differences = await differencesOf(there, move, what, ctx)
  for (const { path } of differences) await refuseLinkAbove(root, path)
  const copies: string[] = []
  for (const difference of differences) {
    const copy = await copyEdited(there, difference, copyEnding, ctx)
    if (copy !== null) copies.push(copy)
  }
  await there.ask(["read-tree", target], what, ctx)
  for (const difference of differences) if (difference[which] === null) await removeFile(root, difference.path)
  await writeFiles(
    there,
    differences.filter((one) => one[which] !== null),
    which,
    what,
    ctx,
  )
  await there.call(["update-index", "-q", "--refresh"], ctx)
  await there.ask(["update-ref", "-m", `holdfast: ${which === "to" ? "update" : "rollback"}`, "HEAD", target], what, ctx)
  return copies
}

/** Of a git that was killed with us: the lease says that nobody else of ours is at work here. */
async function removeLocks({ root, ask }: InCheckout, ctx: FetchContext): Promise<void> {
  const what = `the git directory of ${root} cannot be told`
  const branch = (await ask(["rev-parse", "--symbolic-full-name", "HEAD"], what, ctx)).trim()
  for (const name of ["index.lock", "HEAD.lock", ...(branch.startsWith("refs/") ? [`${branch}.lock`] : [])]) {
    const path = (await ask(["rev-parse", "--git-path", name], what, ctx)).replace(/\n$/, "")
    await rm(isAbsolute(path) ? path : join(root, path), { force: true })
  }
}

const NONE = "000000"

async function differencesOf(
  { ask }: InCheckout,
  { from, to }: CheckoutMove,
  what: string,
  ctx: FetchContext,
): Promise<readonly Difference[]> {
  const words = (await ask(["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", idOf(from), idOf(to)], what, ctx)).split("\0")
  const found: Difference[] = []
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [fromMode = "", toMode = "", fromBlob = "", toBlob = ""] = (words[at] ?? "").slice(1).split(" ")
    const side = (mode: string, blob: string): Side | null => (mode === NONE ? null : { mode, blob })
    found.push({ path: words[at + 1] ?? "", from: side(fromMode, fromBlob), to: side(toMode, toBlob) })
  }
  return found
}

/** Somebody who may write here could lead us elsewhere. Throws NOT_PERMITTED. */
async function refuseLinkAbove(root: string, path: string): Promise<void> {
  for (let above = dirname(path); above !== "."; above = dirname(above)) {
    if (!(await isLink(join(root, above)))) continue
    throw new HoldfastError("NOT_PERMITTED", { what: `${join(root, above)} is a link`, why: "the update would write through it" })
  }
}

/** A file that somebody edited is copied beside before it is written over; null where it is as one of the commits has it, or not there. */
async function copyEdited(there: InCheckout, { path, from, to }: Difference, ending: string, ctx: FetchContext): Promise<string | null> {
  const live = join(there.root, path)
  const status = await lstat(live).catch(() => null)
  if (status?.isFile() !== true) return null
  const blob = (await there.ask(["hash-object", "--", path], `${live} cannot be read`, ctx)).trim()
  // Half of a file that git was writing when it was killed cannot be told from an edit: it is kept as well.
  if (blob === from?.blob || blob === to?.blob) return null
  await copyFile(live, `${live}${ending}`)
  return `${live}${ending}`
}

async function removeFile(root: string, path: string): Promise<void> {
  await rm(join(root, path), { force: true })
  for (let above = dirname(path); above !== "."; above = dirname(above)) {
    try {
      await rmdir(join(root, above))
    } catch {
      // Something else lies in it, or it went with an earlier file.
      return
    }
  }
}

/** Each keeps the permissions that it had, but for who may run it: an operator's mask is not ours. */
async function writeFiles(
  there: InCheckout,
  differences: readonly Difference[],
  which: "from" | "to",
  what: string,
  ctx: FetchContext,
): Promise<void> {
  if (differences.length === 0) return
  const before = new Map<string, number>()
  for (const { path } of differences) {
    const status = await lstat(join(there.root, path)).catch(() => null)
    if (status?.isFile() === true) before.set(path, status.mode & 0o777)
  }
  const paths = differences.map(({ path }) => `${path}\0`).join("")
  const ended = await there.call(["checkout-index", "--force", "-z", "--stdin"], ctx, { stdin: { text: paths } })
  if (ended.exitCode !== 0) throw gitFailed(what, ended)
  for (const { path, [which]: side } of differences) {
    const isRun = side?.mode === "100755"
    if (side === null || side.mode === "120000" || (await isLink(join(there.root, path)))) continue
    await chmod(join(there.root, path), modeOf(before.get(path), isRun))
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    await readlink(path)
    return true
  } catch {
    return false
  }
}

function modeOf(before: number | undefined, isRun: boolean): number {
  if (before === undefined) return isRun ? 0o755 : 0o644
  const readable = before & 0o666
  // Whoever may read it may run it.
  return isRun ? readable | ((readable & 0o444) >> 2) : readable
}
