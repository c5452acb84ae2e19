import { HoldfastError } from "../../base/errors.ts"
import type { ManifestPart } from "../../recovery-point/manifest.ts"

/** The part that is named; else the only tree of files. Throws PART_UNKNOWN, USAGE when there are several. */
export function chooseTree(parts: readonly ManifestPart[], named: string | null): ManifestPart {
  const trees = parts.filter((part) => part.kind !== "database" && part.kind !== "image")
  const fitting =
    named === null ? trees.filter((part) => part.kind === "files") : trees.filter((part) => part.part === named || part.name === named)
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0) return only
  const names = trees.map((part) => part.part).join(", ")
  const what = named === null ? "which part? Name it with --part" : `the point has no tree of files called ${named}`
  throw new HoldfastError(named === null ? "USAGE" : "PART_UNKNOWN", {
    what,
    why: names === "" ? "it holds no files" : `there is ${names}`,
  })
}

/** Whether a path of a tree is that path, or lies below it; null means all. */
export function isBelow(path: string, below: string | null): boolean {
  if (below === null) return true
  const root = below.replaceAll(/^\/+|\/+$/g, "")
  const bare = path.replace(/^\/+/, "")
  return root === "" || bare === root || bare.startsWith(`${root}/`)
}
