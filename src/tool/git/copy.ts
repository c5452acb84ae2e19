import { lstat, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { ChangedPath, Commit, CommitsBetween, GitRepositories, SourceCopy, SourceTag } from "../../release/git-ports.ts"
import type { FetchContext } from "../../release/ports.ts"
import { gitAddress } from "./address.ts"
import { exportCommit } from "./export.ts"
import { obstaclesOf } from "./obstacles.ts"
import {
  createGitRunner,
  gitFailed,
  gitOutput,
  idOf,
  lastLines,
  plainLine,
  REMOTE_TIMEOUT_MS,
  type Ask,
  type Git,
  type GitOptions,
} from "./run.ts"
import { requireSigned } from "./signature.ts"

const NAME = /^[a-z0-9_][a-z0-9._-]*$/i
const MOST_SUBJECT = 200
/** Of a file that is shown to people, such as a changelog. */
const MOST_FILE_BYTES = 1024 * 1024

export function createGitRepositories(options: GitOptions): GitRepositories {
  const git = createGitRunner(options)
  return {
    fetch: async (name, url, ctx) => {
      const directory = directoryOf(options, name)
      await fetchInto(git, directory, url, ctx)
      return openCopy(git, directory)
    },
    copy: async (name) => {
      const directory = directoryOf(options, name)
      return (await isThere(join(directory, "HEAD"))) ? openCopy(git, directory) : null
    },
  }
}

function directoryOf({ directory }: GitOptions, name: string): string {
  if (!NAME.test(name)) throw new Error(`${name} is no name for a copy`)
  return join(directory, `${name}.git`)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

/** The address travels in the environment: it may hold what signs in. */
async function fetchInto(git: Git, directory: string, text: string, ctx: FetchContext): Promise<void> {
  const { url, shown, protocol } = gitAddress(text)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const made = await git({ args: ["init", "--quiet", "--bare", "--template=", directory] }, ctx)
  if (made.exitCode !== 0) throw gitFailed(`the copy ${directory} could not be made`, made)
  const ended = await git(
    {
      args: [
        `--git-dir=${directory}`,
        "fetch",
        "--quiet",
        "--prune",
        "--force",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "source",
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
      ],
      settings: [`protocol.${protocol}.allow=always`],
      environment: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "remote.source.url", GIT_CONFIG_VALUE_0: url },
      timeoutMs: REMOTE_TIMEOUT_MS,
      withUserSettings: true,
    },
    ctx,
  )
  if (ended.exitCode === 0) return
  const why = lastLines(ended.stderrTail.replaceAll(url.reveal(), shown))
  throw new HoldfastError("RELEASE_SOURCE_UNREACHABLE", { what: `the git repository ${shown} could not be fetched`, why })
}

function openCopy(git: Git, directory: string): SourceCopy {
  const inCopy = [`--git-dir=${directory}`]
  const ask: Ask = async (args, what, ctx) => await gitOutput(git, { args: [...inCopy, ...args] }, what, ctx)
  return {
    directory,
    tip: async (branch, ctx) => await tipOf(git, inCopy, ask, branch, ctx),
    commit: async (id, ctx) => await readCommit(ask, id, ctx),
    tags: async (ctx, within) => await readTags(ask, within === undefined ? [] : [`--merged=${idOf(within)}`], ctx),
    has: async (commit, ctx) => {
      const known = await git({ args: [...inCopy, "cat-file", "-e", `${idOf(commit)}^{commit}`] }, ctx)
      if (known.exitCode !== 0) return false
      // What was fetched once and is no longer published still lies in the copy.
      const what = `whether ${commit} is published cannot be told`
      return (await ask(["for-each-ref", "--count=1", `--contains=${idOf(commit)}`], what, ctx)) !== ""
    },
    isAncestor: async (older, newer, ctx) => {
      const ended = await git({ args: [...inCopy, "merge-base", "--is-ancestor", idOf(older), idOf(newer)] }, ctx)
      if (ended.exitCode === 0 || ended.exitCode === 1) return ended.exitCode === 0
      throw gitFailed(`whether ${older} comes before ${newer} cannot be told`, ended)
    },
    between: async (older, newer, most, ctx) => await commitsBetween(ask, idOf(older), idOf(newer), most, ctx),
    fileAt: async (commit, path, ctx) => await readFileAt(ask, idOf(commit), path, ctx),
    difference: async (older, newer, path, ctx) => await differenceOf(ask, idOf(older), idOf(newer), path, ctx),
    changedPaths: async (older, newer, ctx) => await changedBetween(ask, idOf(older), idOf(newer), ctx),
    obstacles: async (commit, ctx) => await obstaclesOf(ask, idOf(commit), ctx),
    exportTo: async (commit, target, ctx) => {
      await refuseFull(target)
      refuseObstacles(commit, await obstaclesOf(ask, idOf(commit), ctx))
      await exportCommit(git, directory, idOf(commit), target, ctx)
    },
    requireSigned: async (what, allowedSigners, ctx) => await requireSigned(git, directory, what, allowedSigners, ctx),
  }
}

async function tipOf(git: Git, inCopy: readonly string[], ask: Ask, branch: string, ctx: FetchContext): Promise<Commit> {
  const args = [...inCopy, "rev-parse", "--verify", "--quiet", "--end-of-options", `refs/heads/${branch}^{commit}`]
  const ended = await git({ args }, ctx)
  if (ended.exitCode === 0) return await readCommit(ask, ended.stdout.trim(), ctx)
  throw new HoldfastError("RELEASE_UNKNOWN", {
    what: `the git repository has no branch called ${plainLine(branch)}`,
    hint: "Correct `updates.branch`, or leave it out to follow tags.",
  })
}

const FORMAT = "--format=%H%x00%an%x00%at%x00%s"

async function readCommit(ask: Ask, id: string, ctx: FetchContext): Promise<Commit> {
  const [commit] = commitsIn(await ask(["log", "-1", "-z", FORMAT, idOf(id)], `commit ${id} cannot be read`, ctx))
  if (commit !== undefined) return commit
  throw new HoldfastError("TOOL_FAILED", { what: `commit ${id} cannot be read` })
}

function commitsIn(output: string): readonly Commit[] {
  const words = output.split("\0")
  const commits: Commit[] = []
  for (let at = 0; at + 3 < words.length; at += 4) {
    const [id = "", author = "", seconds = "", subject = ""] = words.slice(at, at + 4)
    commits.push({ id, author: short(author), authoredAt: new Date(Number(seconds) * 1000), subject: short(subject) })
  }
  return commits
}

function short(text: string): string {
  return plainLine(text).slice(0, MOST_SUBJECT)
}

async function readTags(ask: Ask, which: readonly string[], ctx: FetchContext): Promise<readonly SourceTag[]> {
  const format = "--format=%(refname:lstrip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
  const lines = (await ask(["for-each-ref", format, ...which, "refs/tags/"], "tags cannot be listed", ctx)).split("\n")
  return lines.flatMap((line): readonly SourceTag[] => {
    const [name = "", kind, id = "", innerKind, innerId = ""] = line.split("\0")
    if (kind === "commit") return [{ name, commit: id }]
    return kind === "tag" && innerKind === "commit" ? [{ name, commit: innerId }] : []
  })
}

async function commitsBetween(ask: Ask, older: string, newer: string, most: number, ctx: FetchContext): Promise<CommitsBetween> {
  const what = `the commits from ${older} to ${newer} cannot be listed`
  const count = Number((await ask(["rev-list", "--count", newer, `^${older}`], what, ctx)).trim())
  const newest = commitsIn(await ask(["log", "-z", FORMAT, `--max-count=${most}`, newer, `^${older}`], what, ctx))
  return { count, newest }
}

async function readFileAt(ask: Ask, commit: string, path: string, ctx: FetchContext): Promise<string | null> {
  const what = `${path} of ${commit} cannot be read`
  const entry = (await ask(["ls-tree", "-z", "--long", "--full-tree", commit, "--", path], what, ctx)).split("\0")[0] ?? ""
  const found = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t/.exec(entry)
  if (found === null || Number(found[2]) > MOST_FILE_BYTES) return null
  return await ask(["cat-file", "blob", found[1] ?? ""], what, ctx)
}

async function differenceOf(ask: Ask, older: string, newer: string, path: string, ctx: FetchContext): Promise<string> {
  const flags = ["--unified=0", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv"]
  const shown = await ask(["diff", ...flags, older, newer, "--", `:(top,literal)${path}`], `${path} cannot be compared`, ctx)
  const lines = shown.split("\n").map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, " "))
  const start = lines.findIndex((line) => line.startsWith("--- "))
  return start < 0 ? "" : lines.slice(start).join("\n")
}

const CHANGES: Readonly<Record<string, ChangedPath["change"]>> = { A: "added", D: "removed" }

async function changedBetween(ask: Ask, older: string, newer: string, ctx: FetchContext): Promise<readonly ChangedPath[]> {
  const args = ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--name-status", older, newer]
  const words = (await ask(args, `the files from ${older} to ${newer} cannot be compared`, ctx)).split("\0")
  const paths: ChangedPath[] = []
  for (let at = 0; at + 1 < words.length; at += 2) paths.push({ path: words[at + 1] ?? "", change: CHANGES[words[at] ?? ""] ?? "changed" })
  return paths
}

async function refuseFull(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if ((await readdir(directory)).length === 0) return
  throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${directory} is not empty` })
}

function refuseObstacles(commit: string, obstacles: readonly string[]): void {
  if (obstacles.length === 0) return
  throw new HoldfastError("RELEASE_INVALID", {
    what: `the files of commit ${commit} cannot be had as they are meant`,
    why: obstacles.join("; "),
  })
}
