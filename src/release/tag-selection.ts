import { Range, satisfies } from "semver"
import { HoldfastError } from "../base/errors.ts"
import { compareVersions, parseVersion, semverOf, type Version } from "./version.ts"

/** Which tags of a repository an app follows whose vendor signs nothing. */
export interface TagRules {
  /** The tag that runs now: its variant and how many numbers it has are kept. */
  readonly running: string
  /** As semver writes it: `^1.4`, `1.x`, `>=1.4 <3`; null for any newer one. */
  readonly range: string | null
  /** Tags must match it as a whole; its first group, or one named `version`, holds the version. Null for tags that are versions. */
  readonly tagPattern: string | null
  readonly prereleases: boolean
}

export interface SelectedTag {
  readonly tag: string
  readonly version: Version
}

/** Tags are at most so long; longer ones are not looked at. */
const MAX_TAG_CHARACTERS = 128

/**
 * The newest tag that the rules allow and that is not before the running one; null when that is the running one. `0.10.0` comes after
 * `0.9.0`; `1.27-alpine` is followed by `1.28-alpine`, not by `1.28.1`. Throws USAGE for a range or pattern that is none, and
 * IMAGE_TAG_MISSING when the running tag is no version.
 */
export function selectTag(tags: readonly string[], rules: TagRules): SelectedTag | null {
  const read = tagReader(rules.tagPattern)
  const running = versionOfTag(rules.running, rules.tagPattern)
  if (running === null) {
    throw new HoldfastError("IMAGE_TAG_MISSING", { what: `the running tag ${rules.running} is no version that can be followed` })
  }
  const range = rules.range === null ? null : readRange(rules.range)
  const allowed = tags.flatMap((tag): readonly SelectedTag[] => {
    const version = read(tag)
    return version !== null && follows(version, running, range, rules.prereleases) ? [{ tag, version }] : []
  })
  return allowed.reduce<SelectedTag | null>((best, one) => (best === null || isAfter(one, best) ? one : best), null)
}

/**
 * The version that a running tag stands for; null when it is none. An image that was started by `latest` is known by its label, which is
 * a version and matches no pattern. Throws USAGE for a pattern that is none.
 */
export function versionOfTag(tag: string, tagPattern: string | null): Version | null {
  return tagReader(tagPattern)(tag) ?? parseVersion(tag)
}

function follows(version: Version, running: Version, range: Range | null, prereleases: boolean): boolean {
  if (version.variant !== running.variant || version.numbers.length !== running.numbers.length) return false
  if (version.prerelease !== "" && !prereleases) return false
  if (compareVersions(version, running) <= 0) return false
  return range === null || satisfies(semverOf(version), range, { includePrerelease: prereleases })
}

/** Of two ways to write one version, the one as the running tag is written is not known here: the first in the alphabet, so that it is always the same. */
function isAfter(left: SelectedTag, right: SelectedTag): boolean {
  const order = compareVersions(left.version, right.version)
  return order > 0 || (order === 0 && left.tag < right.tag)
}

function tagReader(tagPattern: string | null): (tag: string) => Version | null {
  const pattern = tagPattern === null ? null : readPattern(tagPattern)
  return (tag) => {
    if (tag.length > MAX_TAG_CHARACTERS) return null
    if (pattern === null) return parseVersion(tag)
    const match = pattern.exec(tag)
    return match === null ? null : parseVersion(match.groups?.["version"] ?? match[1] ?? tag)
  }
}

function readPattern(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`)
  } catch (cause) {
    throw new HoldfastError("USAGE", { what: `${text} is no pattern for tags`, cause })
  }
}

function readRange(text: string): Range {
  try {
    return new Range(text)
  } catch (cause) {
    throw new HoldfastError("USAGE", { what: `${text} is no range of versions`, hint: "Write it as ^1.4, 1.x or >=1.4 <3.", cause })
  }
}
