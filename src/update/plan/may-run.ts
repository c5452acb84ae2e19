/** Whether an update may be applied with nobody watching: the strictest reading of every limit (design §10). Pure. */
import type { UpdateRules } from "../../app/app.ts"
import { formatDuration } from "../../base/units.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { parseVersion } from "../../release/version.ts"
import { openingAt, parseWindow } from "../../schedule/window.ts"
import { failedBefore } from "./failed-before.ts"
import type { UpdatePlan } from "../update-plan.ts"

/** `later`: waiting can help; otherwise a person has to decide. */
export type MayUpdate = { readonly may: true } | { readonly may: false; readonly later: boolean; readonly why: string }

/** Besides the time without the app, an update takes time to capture and to watch; the window has to hold the first and the watching. */
type Asked = Pick<UpdatePlan, "from" | "to" | "hopsAfter" | "predictedDowntimeMs" | "rehearsal" | "unnamed">

/**
 * @param operations of the app, newest first
 * @param publishedAt when the release came to be; null where nobody says, which an automatic update does not accept where an age is asked for
 */
export function mayUpdateByItself(
  rules: Pick<UpdateRules, "automatic" | "window" | "timezone" | "minimumAgeMs" | "stabilityMs">,
  plan: Asked,
  publishedAt: Date | null,
  now: Date,
  operations: readonly OperationRecord[],
): MayUpdate {
  return (
    never(rules, plan, operations) ??
    tooYoung(rules, plan.to, publishedAt, now) ??
    unrehearsed(plan) ??
    outsideWindow(rules, plan, now) ?? { may: true }
  )
}

function refuse(why: string): MayUpdate {
  return { may: false, later: false, why }
}

function wait(why: string): MayUpdate {
  return { may: false, later: true, why }
}

function never(
  rules: Pick<UpdateRules, "automatic">,
  { from, to, hopsAfter, unnamed }: Asked,
  operations: readonly OperationRecord[],
): MayUpdate | null {
  if (!rules.automatic) return refuse("automatic updates are switched off")
  if (hopsAfter.length > 0)
    return refuse(`it takes several steps to ${hopsAfter.at(-1) ?? "the newest"}, and each is confirmed by a person`)
  const major = majorProblem(from.version, to.version)
  if (major !== null) return refuse(major)
  if (unnamed.length > 0) return refuse(`no point holds ${unnamed.join(", ")}, so a rollback would not take it back`)
  const failure = failedBefore(operations, to)
  return failure === null ? null : refuse(`${to.version} failed here on ${failure.at.toISOString()}`)
}

/** Of a version that nobody can read, nobody can say that it is no major one. */
function majorProblem(from: string | null, to: string): string | null {
  const [before, after] = [from === null ? null : parseVersion(from), parseVersion(to)]
  if (before === null) return "the running version is not known, so this may be a major update"
  if (after === null) return `${to} is not a version with numbers, so this may be a major update`
  const [was, is] = [majorOf(before.numbers), majorOf(after.numbers)]
  return was === is ? null : `from ${from} to ${to} is a major update`
}

/** Before version 1 the second number is the one that breaks things: so semver reads it. */
function majorOf([major = 0, minor = 0]: readonly number[]): string {
  return major === 0 ? `0.${minor}` : String(major)
}

/** The tags of a registry are not even found before they are old enough. */
function tooYoung(
  rules: Pick<UpdateRules, "minimumAgeMs">,
  { foundIn }: InstallableRelease,
  publishedAt: Date | null,
  now: Date,
): MayUpdate | null {
  if (rules.minimumAgeMs === 0 || (foundIn === "registry" && publishedAt === null)) return null
  if (publishedAt === null) return refuse(`nobody says how old the release is, and ${formatDuration(rules.minimumAgeMs)} are asked for`)
  const ageMs = now.getTime() - publishedAt.getTime()
  return ageMs >= rules.minimumAgeMs
    ? null
    : wait(`the release is ${formatDuration(Math.max(0, ageMs))} old, ${formatDuration(rules.minimumAgeMs)} are asked for`)
}

function unrehearsed({ to, rehearsal, predictedDowntimeMs }: Asked): MayUpdate | null {
  if (rehearsal === null || !rehearsal.passed) return refuse(`${to.version} has not passed a rehearsal here`)
  return predictedDowntimeMs === null ? refuse("how long the app would be away is not known") : null
}

function outsideWindow(
  rules: Pick<UpdateRules, "window" | "timezone" | "stabilityMs">,
  { predictedDowntimeMs }: Asked,
  now: Date,
): MayUpdate | null {
  if (rules.window === null) return refuse("no window is set in which updates may run by themselves")
  const opening = openingAt(parseWindow(rules.window), rules.timezone, now)
  if (opening === null) return wait(`the window (${rules.window}) is not open`)
  const neededMs = (predictedDowntimeMs ?? 0) + rules.stabilityMs
  const leftMs = opening.closes.getTime() - now.getTime()
  if (neededMs <= leftMs) return null
  const whole = opening.closes.getTime() - opening.opens.getTime()
  const needs = `it needs ${formatDuration(neededMs)}`
  return neededMs > whole
    ? refuse(`${needs}, the whole window is ${formatDuration(whole)}`)
    : wait(`${needs}, the window closes in ${formatDuration(leftMs)}`)
}
