import { HoldfastError } from "../base/errors.ts"
import { compareVersionTexts } from "./version.ts"

/** What decides whether a version can be reached. */
export interface Reachable {
  readonly version: string
  /** The lowest version that may be updated to this one directly; null for any. */
  readonly upgradesFrom: string | null
}

/**
 * The fewest releases from the running version to the target, in order, the target last; each of them is rehearsed and applied for itself
 * (C155). Empty when the target is what runs, or is older. Of several, the latest is taken each time: what can be reached from an
 * earlier version can be reached from a later one as well. Throws RELEASE_NO_PATH.
 */
export function chainOfHops<T extends Reachable>(
  running: string,
  target: T,
  between: readonly T[],
  yanked: readonly string[],
): readonly T[] {
  const usable = [...between.filter((release) => !yanked.includes(release.version) && isBefore(release.version, target.version)), target]
  const chain: T[] = []
  let at = running
  while (isBefore(at, target.version)) {
    const next = latest(usable.filter((release) => isBefore(at, release.version) && accepts(release, at)))
    if (next === null) throw noPath(running, at, target, usable)
    chain.push(next)
    at = next.version
  }
  return chain
}

function accepts({ upgradesFrom }: Reachable, from: string): boolean {
  return upgradesFrom === null || !isBefore(from, upgradesFrom)
}

function latest<T extends Reachable>(releases: readonly T[]): T | null {
  return releases.reduce<T | null>((best, release) => (best === null || isBefore(best.version, release.version) ? release : best), null)
}

function isBefore(left: string, right: string): boolean {
  const order = compareVersionTexts(left, right)
  if (order === null)
    throw new HoldfastError("RELEASE_NO_PATH", { what: `${left} and ${right} cannot be compared`, why: "one is no version" })
  return order < 0
}

function noPath(running: string, at: string, target: Reachable, usable: readonly Reachable[]): HoldfastError {
  const [lowest] = usable
    .filter((release) => isBefore(at, release.version))
    .toSorted((left, right) => compareVersionTexts(left.upgradesFrom ?? "0", right.upgradesFrom ?? "0") ?? 0)
  return new HoldfastError("RELEASE_NO_PATH", {
    what: `no release leads from ${running} to ${target.version}`,
    why: `after ${at}, the lowest version that is accepted is ${lowest?.upgradesFrom ?? "unknown"}`,
  })
}
