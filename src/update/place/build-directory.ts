/** A version of a program without containers, made from the sources of one commit in a directory of its own, while the program runs. */
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { App, Argv } from "../../app/app.ts"
import { isDirectory } from "../../app/tree/swap-steps.ts"
import { syncDirectory, writeFileDurably } from "../../base/durable-file.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { directoryOf } from "./plain-install.ts"
import type { UpdateTools } from "../ports.ts"
import { BUILT_FROM } from "./pull-images.ts"
import { lastWords } from "../last-words.ts"
import { sourceCopy } from "./source-project.ts"

/** In a complete version: the commit that it was built from. */
const COMMIT_FILE = ".holdfast-commit"
/** Beside a version that is being built: what has this beside it is ours to remove, whoever was cut off while building it. */
const BUILDING = ".holdfast-building-"
/** From a cold start, on a small machine. */
const BUILD_LIMIT_MS = 2 * 3_600_000

/** In place of the digest of a directory that is built from this commit. */
export function fromCommit(commit: string): string {
  return `${BUILT_FROM}${commit}`
}

/** Null for a directory that is looked at as it is. */
export function commitIn(digest: string): string | null {
  return digest.startsWith(BUILT_FROM) ? digest.slice(BUILT_FROM.length) : null
}

/** The commit that a complete version was built from; null where nothing says so. */
export async function builtFrom(path: string): Promise<string | null> {
  const text = await readFile(join(path, COMMIT_FILE), "utf8").catch(() => "")
  return /^[0-9a-f]{40,64}$/.exec(text.trim())?.[0] ?? null
}

/**
 * Has the version there, complete. It is built under the name that it keeps: what some builds make (virtual environments) knows its own path. A build that
 * was cut off is begun anew. Throws UPDATE_BUILD_FAILED with the builder's last words, TARGET_NOT_EMPTY, PLAN_STALE, SPACE_MISSING, RELEASE_INVALID.
 */
export async function buildDirectory(
  tools: Pick<UpdateTools, "commands" | "sources">,
  app: Pick<App, "name">,
  build: Argv | null,
  release: InstallableRelease,
  ctx: RunContext,
): Promise<void> {
  const { path, digest } = directoryOf(release)
  const commit = commitIn(digest) ?? ""
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await removeHalfBuilt(dirname(path))
  if ((await builtFrom(path)) === commit) return
  if (await isDirectory(path)) {
    throw new HoldfastError("TARGET_NOT_EMPTY", {
      what: `${path} is there, and was not built from commit ${commit.slice(0, 12)}`,
      hint: "Nothing was changed. Remove or rename it, if nothing runs from it; then update again.",
    })
  }
  const copy = await sourceCopy(tools, app, [commit], ctx)
  const building = join(dirname(path), `${BUILDING}${basename(path)}`)
  await writeFileDurably(building, `${commit}\n`)
  try {
    await copy.exportTo(commit, path, ctx)
    if (build !== null) await runBuild(tools, build, release, ctx)
    // Before it is called complete: after a power loss it is whole, or begun anew.
    await succeed(tools, ["sync", "--file-system", path], ctx)
    await writeFileDurably(join(path, COMMIT_FILE), `${commit}\n`, 0o644)
    await rm(building)
    await syncDirectory(dirname(path))
  } catch (thrown) {
    await removeHalfBuilt(dirname(path))
    throw thrown
  }
}

/** Removes a version that was built there. Cut off, the rest is removed before the next build. */
export async function removeBuilt(path: string): Promise<void> {
  await writeFileDurably(join(dirname(path), `${BUILDING}${basename(path)}`), "\n")
  await removeHalfBuilt(dirname(path))
  await syncDirectory(dirname(path))
}

/** The names come from a directory in which a builder may write: nothing but what lies directly in it is removed. */
async function removeHalfBuilt(releases: string): Promise<void> {
  for (const name of await readdir(releases)) {
    if (!name.startsWith(BUILDING)) continue
    const half = name.slice(BUILDING.length)
    if (!["", ".", ".."].includes(half)) await rm(join(releases, half), { recursive: true, force: true })
    await rm(join(releases, name), { recursive: true })
  }
}

/** As whoever owns the directory of versions: what a vendor's build runs needs no more than that. */
async function runBuild(tools: Pick<UpdateTools, "commands">, build: Argv, release: InstallableRelease, ctx: RunContext): Promise<void> {
  const { path } = directoryOf(release)
  const { uid, gid } = await stat(dirname(path))
  const asOwner = process.getuid?.() === 0 && uid !== 0
  if (asOwner) await succeed(tools, ["chown", "--recursive", "--no-dereference", `${uid}:${gid}`, path], ctx)
  // Another user's process loses the order to die with its parent, so that it is given once more.
  const as = ["setpriv", "--pdeathsig=KILL", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--no-new-privs", "--"] as const
  const environment = { HOLDFAST_RELEASE: path, HOLDFAST_VERSION: release.version, ...(asOwner ? { HOME: path } : {}) }
  ctx.progress.note(`building ${release.version} in ${path}`)
  const options = { cwd: path, timeoutMs: BUILD_LIMIT_MS, environment }
  const { exitCode, stdout, stderrTail } = await tools.commands.run(asOwner ? [...as, ...build] : build, options, ctx)
  if (exitCode === 0) return
  throw new HoldfastError("UPDATE_BUILD_FAILED", {
    what: `${release.version} could not be built`,
    why: `${build.join(" ")} ended with exit code ${exitCode}${lastWords(`${stdout}\n${stderrTail}`)}`,
  })
}

async function succeed(tools: Pick<UpdateTools, "commands">, argv: Argv, ctx: RunContext): Promise<void> {
  const { exitCode, stderrTail } = await tools.commands.run(argv, {}, ctx)
  if (exitCode !== 0) throw new HoldfastError("TOOL_FAILED", { what: `${argv[0]} ended with exit code ${exitCode}`, why: stderrTail })
}
