import type { VaultCheck, VaultFacts } from "./alarm-facts.ts"
import { REMOVABLE_GRACE_MS } from "./app-alarms.ts"
import { alarmOf, instantText, type Alarm } from "./alarm.ts"

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** A network that was away for a moment is no news. */
const UNREACHABLE_GRACE_MS = 10 * MINUTE_MS
const KEY_PROVEN_FOR_MS = 7 * DAY_MS

const CHANGED: ReadonlySet<string> = new Set(["VAULT_REPLACED", "CHAIN_BROKEN", "MANIFEST_INVALID", "VAULT_DAMAGED"])
const KEY: ReadonlySet<string> = new Set(["VAULT_WRONG_KEY", "VAULT_KEY_MISSING"])

/** What is wrong with one vault. One that was never used cannot have lost anything. */
export function vaultAlarms(vault: VaultFacts, now: Date): readonly Alarm[] {
  if (!vault.used) return []
  return [...answerAlarms(vault, vault.check, now), ...kitAlarms(vault)]
}

function answerAlarms({ name, removable }: VaultFacts, check: VaultCheck | null, now: Date): readonly Alarm[] {
  if (check === null) return []
  const { errorCode, openedAt } = check
  const why = check.message === null ? "" : `: ${check.message}`
  if (errorCode !== null && CHANGED.has(errorCode)) {
    return [alarmOf({ kind: "vault-changed", about: name, text: `vault ${name} is not what it was${why}` })]
  }
  if (errorCode !== null && KEY.has(errorCode)) {
    return [alarmOf({ kind: "key-not-proven", about: name, text: `the key of vault ${name} does not open it${why}` })]
  }
  if (errorCode !== null) return unreachable(name, check, why, removable ? REMOVABLE_GRACE_MS : UNREACHABLE_GRACE_MS, now)
  if (openedAt !== null && now.getTime() - openedAt.getTime() <= KEY_PROVEN_FOR_MS) return []
  const since = openedAt === null ? "was never seen to open it" : `opened it last at ${instantText(openedAt)}`
  return [alarmOf({ kind: "key-not-proven", about: name, text: `the key of vault ${name} ${since}` })]
}

function unreachable(name: string, { failingSince }: VaultCheck, why: string, graceMs: number, now: Date): readonly Alarm[] {
  if (failingSince === null || now.getTime() - failingSince.getTime() < graceMs) return []
  return [
    alarmOf({ kind: "vault-unreachable", about: name, text: `vault ${name} has not answered since ${instantText(failingSince)}${why}` }),
  ]
}

function kitAlarms({ name, kitTaken }: VaultFacts): readonly Alarm[] {
  if (kitTaken) return []
  return [alarmOf({ kind: "kit-not-taken", about: name, text: `the key of vault ${name} exists only on this machine` })]
}
