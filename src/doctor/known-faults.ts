/** Newest minor release of each PostgreSQL major that still lets a crafted archive run code (CVE-2026-116314): fixed in the one named. */
const FIXED_MINOR: Readonly<Record<number, number>> = { 18: 7, 17: 12, 16: 16, 15: 20, 14: 25 }
const OLDEST_MAINTAINED = 14

/** `pg_dump (PostgreSQL) 15.18 (Debian …)` → `15.18`; null when there is no version in it. */
export function versionIn(text: string): string | null {
  return /\b(\d+\.\d+(?:\.\d+)?)\b/.exec(text)?.[1] ?? null
}

/** Majors that are no longer maintained never got the fix; ones after 18 were born with it. */
export function isKnownVulnerable(version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version)
  if (major < OLDEST_MAINTAINED) return true
  return minor < (FIXED_MINOR[major] ?? 0)
}

/** SQLite 3.7.0 to 3.51.2, except the releases that got the fix: 3.44.6 and later of 3.44, 3.50.7 and later of 3.50. */
export function sqliteLosesCommits(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version)
  if (major !== 3 || minor < 7) return false
  if (minor === 44) return patch < 6
  if (minor === 50) return patch < 7
  return minor < 51 || (minor === 51 && patch < 3)
}

function numbersOf(version: string): readonly number[] {
  return version.split(".").map(Number)
}
