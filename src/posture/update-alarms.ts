import type { AppFacts, UpdateFacts } from "./alarm-facts.ts"
import { alarmOf, instantText, type Alarm } from "./alarm.ts"

const DAY_MS = 86_400_000
/** The app runs as before; whoever has not looked at it in a week has decided not to. */
const FAILED_MATTERS_MS = 7 * DAY_MS

/** A newer release that is there, an update that did not do well, a window that passed without the update that was due in it. */
export function updateAlarms({ app: { name }, updates }: Pick<AppFacts, "app" | "updates">, now: Date): readonly Alarm[] {
  if (updates === undefined) return []
  return [...available(name, updates), ...failed(name, updates, now), ...missed(name, updates)]
}

/** Its version is part of the key: each is told once. */
function available(app: string, { available: found }: UpdateFacts): readonly Alarm[] {
  if (found === null) return []
  const runs = found.running === null ? "it does not tell which version runs" : `${found.running} runs`
  return [alarmOf({ kind: "update-available", app, about: found.version, text: `${app}: release ${found.version} is there, ${runs}` })]
}

/** Over when a later run of the kind went well, when another release is there to be tried, or when a week has passed. */
function failed(app: string, { failed: last, available: found }: UpdateFacts, now: Date): readonly Alarm[] {
  if (last === null || now.getTime() - last.at.getTime() > FAILED_MATTERS_MS) return []
  if (found !== null && last.version !== null && !found.releases.includes(last.version)) return []
  const what = last.version === null ? "an update" : `the update to ${last.version}`
  const how = { "rolled back": "was rolled back", failed: "failed", rehearsal: "did not pass its rehearsal" }[last.how]
  const text = `${app}: ${what} ${how} at ${instantText(last.at)}${last.why === null ? "" : `: ${last.why}`}`
  const hint = `Run \`holdfast operations show ${last.operationId}\` to see its steps and \`holdfast update plan ${app}\` for what is next.`
  return [alarmOf({ kind: "update-failed", app, text, hint })]
}

function missed(app: string, { missed: window, available: found }: UpdateFacts): readonly Alarm[] {
  if (window === null || found === null || !found.releases.includes(window.version)) return []
  const text = `${app}: ${window.version} was not applied in the window of ${instantText(window.at)}: ${window.reason}`
  return [alarmOf({ kind: "update-missed", app, text })]
}
