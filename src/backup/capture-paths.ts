import { chmod, cp, lchown, lstat, mkdir, readdir, realpath, rm, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import type { App } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { PathsPart } from "../recovery-point/manifest.ts"
import type { OpenVault } from "../vault/vault.ts"

type PathsKind = PathsPart["kind"]

/**
 * Captures secrets or configuration: several files and directories from anywhere on the host as one part. They are
 * copied into a private directory first, so that the vault sees one tree with stable names.
 */
export async function capturePaths(
  vault: OpenVault,
  app: App,
  point: string,
  kind: PathsKind,
  paths: readonly string[],
  scratchDirectory: string,
  ctx: RunContext,
): Promise<PathsPart> {
  const startedMs = ctx.clock.monotonicMs()
  const root = join(scratchDirectory, kind)
  await mkdir(root, { recursive: true, mode: 0o700 })
  try {
    const recorded = await copyPathsIn(paths, root)
    const stored = await vault.backend.storeTree(
      vault.location,
      { app: app.name, point, part: kind },
      { root, exclude: [], parent: null },
      ctx,
    )
    return {
      kind,
      name: kind,
      part: kind,
      treeId: stored.treeId,
      sizeBytes: stored.sizeBytes,
      storedBytes: stored.storedBytes,
      files: stored.files,
      durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
      paths: recorded,
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Copies each path into `root` under a name of its own. Throws SECRET_MISSING. */
export async function copyPathsIn(paths: readonly string[], root: string): Promise<PathsPart["paths"]> {
  const recorded: PathsPart["paths"] = []
  for (const [index, path] of paths.entries()) recorded.push(await copyIn(path, root, `${index}-${basename(path)}`))
  return recorded
}

/** A path that is itself a link stands for what it leads to: a stored link alone would bring nothing back on another host. */
async function copyIn(path: string, root: string, stored: string): Promise<PathsPart["paths"][number]> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new HoldfastError("SECRET_MISSING", { what: `${path} is not there`, cause })
  })
  const real = await realpath(path)
  const target = join(root, stored)
  await cp(real, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, errorOnExist: true, force: false })
  await copyOwners(real, target)
  return { path, stored, directory: status.isDirectory(), root: { uid: status.uid, gid: status.gid, mode: status.mode & 0o7777 } }
}

/** `cp` keeps times but not owners, and a change of owner takes set-id bits away, so modes come last. */
async function copyOwners(from: string, to: string): Promise<void> {
  const status = await lstat(from)
  await lchown(to, status.uid, status.gid)
  if (status.isSymbolicLink()) return
  if (status.isDirectory()) for (const name of await readdir(from)) await copyOwners(join(from, name), join(to, name))
  await chmod(to, status.mode & 0o7777)
}
