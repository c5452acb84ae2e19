import { compare } from "semver"

/**
 * A version as tags write it: up to three numbers, perhaps after a `v`, perhaps a pre-release, perhaps a variant of the image such as
 * `alpine`, which is no pre-release.
 */
export interface Version {
  /** As it was written. */
  readonly text: string
  readonly numbers: readonly number[]
  /** `rc.1`; empty for a release. */
  readonly prerelease: string
  /** `alpine`, `alpine3.20`; empty for none. */
  readonly variant: string
}

/** Words that make what follows the numbers a pre-release; anything else is a variant. */
const PRERELEASE = /^(alpha|beta|rc|pre|preview|prerelease|dev|next|canary|nightly|snapshot|a|b|m|[0-9]+)[.]?[0-9]*([.][0-9A-Za-z]+)*$/i

/** Null when it is no version. Numbers beyond what can be compared exactly are none. */
export function parseVersion(text: string): Version | null {
  const match = /^v?([0-9]+(?:\.[0-9]+){0,2})((?:-[0-9A-Za-z._]+)*)(?:\+[0-9A-Za-z.-]+)?$/.exec(text)
  if (match === null || text.length > 128) return null
  const numbers = (match[1] ?? "").split(".").map(Number)
  if (!numbers.every((number) => Number.isSafeInteger(number))) return null
  const words = (match[2] ?? "").split("-").slice(1)
  const variantAt = words.findIndex((word) => !PRERELEASE.test(word))
  const split = variantAt === -1 ? words.length : variantAt
  const prerelease = words.slice(0, split).join(".")
  if (prerelease !== "" && prereleaseOf(prerelease) === null) return null
  return { text, numbers, prerelease, variant: words.slice(split).join("-") }
}

/** Negative when `left` is the earlier one: `0.9.0 < 0.10.0`, `1.0.0-rc.1 < 1.0.0`. Variants do not order. */
export function compareVersions(left: Version, right: Version): number {
  return compare(semverOf(left), semverOf(right))
}

/** The same for texts; null when one of them is no version. */
export function compareVersionTexts(left: string, right: string): number | null {
  const [first, second] = [parseVersion(left), parseVersion(right)]
  return first === null || second === null ? null : compareVersions(first, second)
}

/** As semver itself writes it: missing numbers are zero, no `v`, no variant. */
export function semverOf({ numbers, prerelease }: Version): string {
  const [major = 0, minor = 0, patch = 0] = numbers
  const suffix = prereleaseOf(prerelease)
  return `${major}.${minor}.${patch}${suffix === null ? "" : `-${suffix}`}`
}

/** `rc1` orders as `rc.1`, so that rc10 comes after rc9. Null for none, and for what cannot be compared exactly. */
function prereleaseOf(text: string): string | null {
  const parts = text
    .toLowerCase()
    .replaceAll(/([a-z])([0-9])/g, "$1.$2")
    .split(".")
    .map((part) => (/^[a-z]/.test(part) ? part : plainNumber(part)))
  return parts.includes(null) ? null : parts.join(".")
}

/** Without zeros before it; null for nothing, for what is no number, and for one that is too large. */
function plainNumber(text: string): string | null {
  return text !== "" && Number.isSafeInteger(Number(text)) ? String(Number(text)) : null
}

/** Whether `left` is a version before `right`; what is no version is before nothing. */
export function isEarlier(left: string, right: string): boolean {
  return (compareVersionTexts(left, right) ?? 0) < 0
}
