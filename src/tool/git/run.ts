/** How git is run: nothing that a repository, or whoever wrote to it, says is carried out. */
import { HoldfastError } from "../../base/errors.ts"
import type { Secret } from "../../base/secret.ts"
import type { FetchContext } from "../../release/ports.ts"
import type { ChildRequest, ChildResult, Processes } from "../process/process.ts"

export interface GitOptions {
  readonly processes: Processes
  readonly binary: string
  /** Directory of ours (0700) for the copies. */
  readonly directory: string
  /** Further options of ssh, as `-i FILE`; the operator's own `~/.ssh/config` counts besides. */
  readonly sshOptions?: readonly string[]
}

export interface GitCall {
  readonly args: readonly string[]
  /** Variables of git's own for this call. */
  readonly environment?: Readonly<Record<string, string | Secret>>
  /** Further settings for this call, stronger than any file's. */
  readonly settings?: readonly string[]
  readonly cwd?: string
  readonly stdin?: ChildRequest["stdin"]
  readonly stdout?: ChildRequest["stdout"]
  readonly timeoutMs?: number
  /** The user's own configuration counts (how to sign in, proxies); only for talking to a remote. */
  readonly withUserSettings?: boolean
  /** Runs as this user instead of ours. */
  readonly as?: { readonly uid: number; readonly gid: number }
}

export const LOCAL_TIMEOUT_MS = 120_000
/** A large repository on a slow line; a line that carries nothing is given up much earlier. */
export const REMOTE_TIMEOUT_MS = 30 * 60_000

/** What could start a program, or change what is read, is switched off, whatever the configuration of the repository says. */
const HARD_SETTINGS = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.pager=cat",
  "core.alternateRefsCommand=",
  "core.attributesFile=/dev/null",
  "core.excludesFile=/dev/null",
  "core.quotePath=false",
  "core.protectHFS=true",
  "core.protectNTFS=true",
  "diff.external=",
  "gc.auto=0",
  "maintenance.auto=false",
  "submodule.recurse=false",
  "fetch.recurseSubmodules=false",
  "transfer.fsckObjects=true",
  "fetch.fsck.zeroPaddedFilemode=ignore",
  "fetch.fsck.missingSpaceBeforeDate=ignore",
  "fetch.fsck.badTimezone=ignore",
  "log.showSignature=false",
  "protocol.allow=never",
  "advice.detachedHead=false",
]

const HARD_ENVIRONMENT = {
  LC_ALL: "C.UTF-8",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_HTTP_LOW_SPEED_LIMIT: "1000",
  GIT_HTTP_LOW_SPEED_TIME: "60",
} as const

const WITHOUT_USER_SETTINGS = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" } as const

export type Git = (call: GitCall, ctx: FetchContext) => Promise<ChildResult>

/** Runs git and returns what came of it, whatever its exit code. Throws TOOL_MISSING, TOOL_TIMEOUT. */
export function createGitRunner({ processes, binary, sshOptions = [] }: GitOptions): Git {
  const ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", ...sshOptions].map(quoted).join(" ")
  return async (call, ctx) => {
    const settings = [...HARD_SETTINGS, ...(call.settings ?? [])].flatMap((setting) => ["-c", setting])
    const git = [binary, "--no-pager", ...settings, ...call.args] as const
    return await processes.run({
      argv:
        call.as === undefined
          ? [...git]
          : ["setpriv", "--pdeathsig=KILL", `--reuid=${call.as.uid}`, `--regid=${call.as.gid}`, "--clear-groups", ...git],
      environment: {
        ...HARD_ENVIRONMENT,
        ...(call.withUserSettings === true ? {} : WITHOUT_USER_SETTINGS),
        GIT_SSH_COMMAND: ssh,
        GIT_SSH_VARIANT: "ssh",
        ...call.environment,
      },
      signal: ctx.signal,
      timeoutMs: call.timeoutMs ?? LOCAL_TIMEOUT_MS,
      ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
      ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
      ...(call.stdout === undefined ? {} : { stdout: call.stdout }),
    })
  }
}

/** As a shell reads it: git gives its ssh command to one. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The output of a call that has to end well. Throws TOOL_FAILED with git's own words. */
export async function gitOutput(git: Git, call: GitCall, what: string, ctx: FetchContext): Promise<string> {
  const ended = await git(call, ctx)
  if (ended.exitCode === 0) return ended.stdout
  throw gitFailed(what, ended)
}

export function gitFailed(what: string, { stderrTail, exitCode }: Pick<ChildResult, "stderrTail" | "exitCode">): HoldfastError {
  return new HoldfastError("TOOL_FAILED", { what, why: lastLines(stderrTail) || `git ended with ${exitCode ?? "a signal"}` })
}

const MOST_WORDS = 600

/** git's own words, without control characters, the end of them. */
export function lastLines(text: string): string {
  const lines = text.split("\n").map(plainLine)
  return lines
    .filter((line) => line !== "")
    .slice(-6)
    .join("; ")
    .slice(-MOST_WORDS)
}

/** What a stranger wrote is shown on terminals. */
export function plainLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").trim()
}

/** A call on one repository that has to end well. */
export type Ask = (args: readonly string[], what: string, ctx: FetchContext) => Promise<string>

const COMMIT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** Whatever else a caller hands in could be read as an option or as another expression. */
export function idOf(commit: string): string {
  if (COMMIT_ID.test(commit)) return commit
  throw new Error(`${commit} is no id of a commit`)
}
