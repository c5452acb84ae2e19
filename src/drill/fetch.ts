import { chmod, lchown, mkdir } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { isInside } from "../app/tree/inside.ts"
import { safeJoin } from "../app/tree/safe-join.ts"
import { surveyTree } from "../app/tree/survey.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { partItem } from "../recovery-point/recovery-point.ts"
import { fetchPaths, placeStaged, type Origin } from "../restore/stage.ts"
import type { Assertion } from "./report.ts"

/** Where the point's files, secrets and configuration lie for the time of a drill. */
export interface Fetched {
  /** Directory by name of the file tree. */
  readonly trees: Readonly<Record<string, string>>
  /** Recorded path → where it lies now. */
  readonly paths: Readonly<Record<string, string>>
  readonly assertions: readonly Assertion[]
}

/**
 * Restores every part that is not a database into `directory`. Paths below the compose project's directory keep their place relative to it, in
 * `directory/project`, so that a copy of the project can be resolved from there.
 */
export async function fetchParts(origin: Origin, directory: string, ctx: RunContext): Promise<Fetched> {
  const trees: Record<string, string> = {}
  const paths: Record<string, string> = {}
  const assertions: Assertion[] = []
  for (const part of origin.point.manifest.parts) {
    if (part.kind === "files") {
      const target = safeJoin(directory, `files/${part.name}`)
      trees[part.name] = target
      assertions.push(await fetchTree(origin, part, target, ctx))
    } else if (part.kind === "secrets" || part.kind === "configuration") {
      const fetched = await fetchPaths(origin, part, directory, ctx)
      for (const { path, stored } of part.paths) {
        const found = safeJoin(fetched, stored)
        const placed = placeOf(origin, directory, path)
        paths[path] = placed ?? found
        if (placed !== null) await place(found, placed)
      }
      assertions.push({ name: part.part, passed: true, detail: `${counted(part.files, "file")} restored` })
    }
  }
  return { trees, paths, assertions }
}

async function fetchTree(
  origin: Origin,
  part: Extract<ManifestPart, { kind: "files" }>,
  target: string,
  ctx: RunContext,
): Promise<Assertion> {
  await mkdir(target, { recursive: true, mode: 0o700 })
  const item = await partItem(origin.vault, origin.point, part.part, ctx)
  await origin.vault.backend.restoreTree(origin.vault.location, item, target, {}, ctx)
  const survey = await surveyTree(target, { exclude: [] }, ctx)
  await lchown(target, part.root.uid, part.root.gid)
  await chmod(target, part.root.mode)
  return {
    name: part.part,
    passed: survey.files === part.files,
    detail: `${counted(survey.files, "file")} restored, ${part.files} captured`,
  }
}

/** Inside the copied project, or null for a path that lies elsewhere on the host. */
function placeOf(origin: Origin, directory: string, path: string): string | null {
  const project = origin.point.manifest.compose?.projectDirectory
  if (project === undefined) return null
  const inside = relative(project, path)
  return inside === "" || !isInside(project, path) ? null : join(directory, "project", inside)
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await placeStaged(from, to)
}
