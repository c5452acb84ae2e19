import { createHash } from "node:crypto"
import { lstat, mkdir, open, rm } from "node:fs/promises"
import { dirname, isAbsolute, join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { Checkout, CheckoutMove, Checkouts } from "../../release/checkout-ports.ts"
import type { SourceCopy } from "../../release/git-ports.ts"
import type { FetchContext } from "../../release/ports.ts"
import type { ChildResult } from "../process/process.ts"
import { putCheckout, type InCheckout } from "./put-checkout.ts"
import { createGitRunner, gitFailed, gitOutput, idOf, type Git, type GitOptions } from "./run.ts"

export interface CheckoutOptions extends GitOptions {
  /** Whether we may act as the owner of somebody else's files. */
  readonly isRoot: boolean
}

/** Checkouts of operators. */
export function createCheckouts(options: CheckoutOptions): Checkouts {
  const git = createGitRunner(options)
  const inCheckout = async (root: string): Promise<InCheckout> => await callIn(git, options, root)
  return {
    look: async (directory, ctx) => await look(inCheckout, directory, ctx),
    receive: async (move, copy, ctx) => await receive(git, options, await inCheckout(move.root), move, copy, ctx),
    inTheWay: async (root, paths, ctx) => await inTheWay(await inCheckout(root), paths, ctx),
    put: async (move, which, copyEnding, ctx) => await putCheckout(await inCheckout(move.root), move, which, copyEnding, ctx),
  }
}

/** As the owner: what is written stays theirs, and what their repository may start it starts as them. */
async function callIn(git: Git, { isRoot }: CheckoutOptions, root: string): Promise<InCheckout> {
  const { uid, gid } = await lstat(root)
  const as = isRoot && uid !== 0 ? { as: { uid, gid } } : {}
  const call: InCheckout["call"] = async (args, ctx, more = {}) =>
    await git({ ...more, ...as, args, cwd: root, settings: [`safe.directory=${root}`, "core.bare=false"], environment: IDENTITY }, ctx)
  return { root, call, ask: async (args, what, ctx) => await output(await call(args, ctx), what) }
}

/** Who moved the branch, in its log. */
const IDENTITY = { GIT_COMMITTER_NAME: "holdfast", GIT_COMMITTER_EMAIL: "holdfast@localhost" } as const

async function output(ended: ChildResult, what: string): Promise<string> {
  if (ended.exitCode === 0) return await Promise.resolve(ended.stdout)
  throw gitFailed(what, ended)
}

const NOT_A_REPOSITORY = /not a git repository/

async function look(inCheckout: (root: string) => Promise<InCheckout>, directory: string, ctx: FetchContext): Promise<Checkout | null> {
  const found = await (await inCheckout(directory)).call(["rev-parse", "--show-toplevel"], ctx, {})
  if (found.exitCode !== 0 && NOT_A_REPOSITORY.test(found.stderrTail)) return null
  const root = (await output(found, `whether ${directory} is a git checkout cannot be told`)).replace(/\n$/, "")
  const there = await inCheckout(root)
  const head = await there.call(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], ctx)
  if (head.exitCode !== 0) throw new HoldfastError("TOOL_FAILED", { what: `the git checkout ${root} has no commit` })
  const branch = await there.call(["symbolic-ref", "--quiet", "--short", "HEAD"], ctx)
  const what = `the state of the git checkout ${root} cannot be told`
  const status = await there.ask(
    ["status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=none", "--no-renames"],
    what,
    ctx,
  )
  const changed = status.split("\0").flatMap((entry) => (entry === "" ? [] : [entry.slice(3)]))
  return {
    root,
    head: head.stdout.trim(),
    branch: branch.exitCode === 0 ? branch.stdout.trim() : null,
    changed: changed.toSorted(),
    underWay: await underWayIn(there, ctx),
  }
}

const BEGUN = {
  MERGE_HEAD: "merge",
  "rebase-merge": "rebase",
  "rebase-apply": "rebase",
  CHERRY_PICK_HEAD: "cherry-pick",
  REVERT_HEAD: "revert",
  BISECT_LOG: "bisect",
} as const

async function underWayIn(there: InCheckout, ctx: FetchContext): Promise<string | null> {
  for (const [name, work] of Object.entries(BEGUN)) if (await isThere(await gitPath(there, name, ctx))) return work
  return null
}

async function gitPath({ root, ask }: InCheckout, name: string, ctx: FetchContext): Promise<string> {
  const path = (await ask(["rev-parse", "--git-path", name], `the git directory of ${root} cannot be told`, ctx)).replace(/\n$/, "")
  return isAbsolute(path) ? path : join(root, path)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

/** By a file between the two: one may belong to somebody who may not read the other. */
async function receive(
  git: Git,
  { directory }: GitOptions,
  there: InCheckout,
  { from, to }: CheckoutMove,
  copy: SourceCopy,
  ctx: FetchContext,
): Promise<void> {
  const shallow = (await there.ask(["rev-parse", "--is-shallow-repository"], `${there.root} is not readable`, ctx)).trim() === "true"
  // One for each checkout: what a killed run left in it goes with the next.
  const beside = join(directory, `pack-${createHash("sha256").update(there.root).digest("hex").slice(0, 16)}`)
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { recursive: true, mode: 0o700 })
  try {
    const file = await open(join(beside, "pack"), "wx+", 0o600)
    try {
      const revisions = shallow ? `${idOf(to)}\n` : `${idOf(to)}\n^${idOf(from)}\n`
      const args = [`--git-dir=${copy.directory}`, "pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset"]
      await gitOutput(
        git,
        { args, stdin: { text: revisions }, stdout: { fd: file.fd } },
        `the commits up to ${to} cannot be handed over`,
        ctx,
      )
    } finally {
      await file.close()
    }
    const pack = await open(join(beside, "pack"), "r")
    try {
      const ended = await there.call(["index-pack", "--stdin", "--fix-thin"], ctx, { stdin: { fd: pack.fd } })
      if (ended.exitCode !== 0) throw gitFailed(`${there.root} does not take the commits up to ${to}`, ended)
    } finally {
      await pack.close()
    }
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

/** A file, or a link, or a file in the place of a directory. */
async function inTheWay({ root, ask }: InCheckout, paths: readonly string[], ctx: FetchContext): Promise<readonly string[]> {
  const tracked = new Set((await ask(["ls-files", "-z"], `the files of ${root} cannot be listed`, ctx)).split("\0"))
  const found = new Set<string>()
  for (const path of paths) {
    const blocked = await firstInTheWay(root, path, tracked)
    if (blocked !== null) found.add(blocked)
  }
  return [...found].toSorted()
}

async function firstInTheWay(root: string, path: string, tracked: ReadonlySet<string>): Promise<string | null> {
  if (await isThere(join(root, path))) return path
  for (let above = dirname(path); above !== "."; above = dirname(above)) {
    if (tracked.has(above)) return null
    const status = await lstat(join(root, above)).catch(() => null)
    if (status !== null) return status.isDirectory() ? null : above
  }
  return null
}
