import { chmod, lstat, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { FetchContext } from "../../release/ports.ts"
import { gitFailed, type Git } from "./run.ts"

/** Beside the directory until all is written; git's own worktrees would leave a link to our copy in what is built. */
const INDEX_ENDING = ".index"

/** The files of a commit, as the repository holds them, in a directory that is empty. Throws SPACE_MISSING. */
export async function exportCommit(git: Git, copy: string, commit: string, directory: string, ctx: FetchContext): Promise<void> {
  const index = `${directory}${INDEX_ENDING}`
  const environment = { GIT_INDEX_FILE: index }
  const settings = ["core.bare=false", "core.autocrlf=false", "core.symlinks=true", "core.fileMode=true"]
  const call = async (args: readonly string[]): Promise<void> => {
    const all = [`--git-dir=${copy}`, `--work-tree=${directory}`, ...args]
    const ended = await git({ args: all, environment, settings, cwd: directory }, ctx)
    if (ended.exitCode === 0) return
    const what = `the files of ${commit} could not be written to ${directory}`
    if (/No space left on device/.test(ended.stderrTail))
      throw new HoldfastError("SPACE_MISSING", { what, why: ended.stderrTail.slice(-200) })
    throw gitFailed(what, ended)
  }
  try {
    await call(["read-tree", commit])
    await call(["checkout-index", "--all", "--force", "--quiet"])
  } finally {
    await rm(index, { force: true })
    await rm(`${index}.lock`, { force: true })
  }
  await openModes(directory)
}

/** Ours may be a strict mask; what is built with these files may run as anybody. */
async function openModes(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await openModes(path)
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}
