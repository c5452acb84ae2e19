/** How the gate of an update looks: the same for the rehearsal, for the live app and for the old version after a rollback. */
import type { UpdateRules } from "../app/app.ts"
import type { GateOptions } from "../app/gate.ts"
import type { InstallableRelease } from "../release/installable.ts"
import { parseVersion } from "../release/version.ts"
import { plainVersion } from "./running.ts"

/** What visibly still migrates may take so many times as long as the settings allow for becoming well. */
const HARD_LIMIT_FACTOR = 6

/**
 * @param expectVersion from `expectedVersion`; null where any version will do
 * @param resting services that did not run before either
 */
export function updateGateOptions(
  rules: Pick<UpdateRules, "stabilityMs" | "timeoutMs">,
  expectVersion: string | null,
  resting: readonly string[],
): GateOptions {
  return {
    stableForMs: rules.stabilityMs,
    timeoutMs: rules.timeoutMs,
    hardLimitMs: hardLimitMs(rules),
    expectVersion,
    ignoreServices: resting,
  }
}

/** No migration, whether a command or a start, is waited for longer. */
export function hardLimitMs(rules: Pick<UpdateRules, "timeoutMs">): number {
  return HARD_LIMIT_FACTOR * rules.timeoutMs
}

/** The version that the app has to report after the update; null where builds are known to report an old one, or the release has no such version. */
export function expectedVersion(rules: Pick<UpdateRules, "expectVersion">, release: Pick<InstallableRelease, "version">): string | null {
  if (!rules.expectVersion) return null
  const version = parseVersion(release.version)
  return version === null ? null : plainVersion(version)
}
