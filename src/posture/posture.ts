/** Is this app protected, by what proof, against which objectives: a pure answer from points and proofs (design §6). */
import type { App } from "../app/app.ts"
import { formatDuration } from "../base/units.ts"
import type { ProofRecord } from "../operation/ports.ts"
import { coverageOf } from "./coverage.ts"
import { unheldOf } from "./unheld.ts"
import { newestProven, type PosturePoint, type ProvenPoint } from "./proven.ts"
import { recoveryTimeOf } from "./recovery-time.ts"

export { checklistOf, type ChecklistAnswer, type ChecklistFacts } from "./checklist.ts"
export type { PosturePoint } from "./proven.ts"

export type Objectives = App["objectives"]

export interface Posture {
  readonly protected: boolean
  /** What `status` says, in one line. */
  readonly sentence: string
  /** The highest level of the newest proven point; `sealed` when there are only unproven points; null when there are none. */
  readonly level: ProofRecord["level"] | null
  readonly point: string | null
  /** Age of the newest proven point: what would be lost today. Null when there is none. */
  readonly exposureMs: number | null
  /** How long the last drill or restore took. Null when none was measured. */
  readonly recoveryTimeMs: number | null
  /** Why it is not protected; empty when it is. */
  readonly reasons: readonly string[]
  readonly nextSteps: readonly string[]
}

/**
 * @param points of all vaults of the app, without expired ones; damaged ones are marked
 * @param proofs of the app, all vaults
 */
export function assessPosture(
  app: App,
  points: readonly PosturePoint[],
  proofs: readonly ProofRecord[],
  objectives: Objectives,
  now: Date,
): Posture {
  const best = newestProven(app, points, proofs, now)
  const exposureMs = best === null ? null : now.getTime() - best.point.startedAt.getTime()
  const recoveryTimeMs = recoveryTimeOf(proofs)
  const findings = [
    ...unprotectable(app),
    ...unproven(app, points, best, now),
    ...unheld(app, points, now),
    ...exposureMissed(exposureMs, objectives.exposureMs),
    ...recoveryTimeMissed(recoveryTimeMs, objectives.recoveryTimeMs),
  ]
  const reasons = findings.map((finding) => finding.reason)
  return {
    protected: reasons.length === 0,
    sentence: best !== null && reasons.length === 0 ? goodSentence(best, now) : `Not protected: ${reasons.join("; ")}.`,
    level: best?.proof.level ?? (points.length > 0 ? "sealed" : null),
    point: best?.point.id ?? null,
    exposureMs,
    recoveryTimeMs,
    reasons,
    nextSteps: [...new Set([...findings.map((finding) => finding.next), ...improvement(app, best)])],
  }
}

interface Finding {
  readonly reason: string
  readonly next: string
}

function unprotectable(app: App): readonly Finding[] {
  if (app.databases.length + app.files.length > 0) return []
  return [{ reason: "no database and no files are set up", next: "Name its databases and files in the settings, or run `holdfast init`." }]
}

function unproven(app: App, points: readonly PosturePoint[], best: ProvenPoint | null, now: Date): readonly Finding[] {
  if (best !== null) return []
  if (points.length === 0) return [{ reason: "there is no recovery point", next: `Run \`holdfast backup ${app.name}\`.` }]
  return [unprovenReason(app, points, now)]
}

function unprovenReason(app: App, points: readonly PosturePoint[], now: Date): Finding {
  const past = points.filter((point) => point.startedAt <= now)
  const usable = past.filter((point) => !point.damaged && coverageOf(app, point).length === 0)
  if (usable.length > 0) {
    const count = usable.length === 1 ? "its recovery point is" : `none of its ${usable.length} recovery points is`
    return { reason: usable.length === 1 ? `${count} not yet proven` : `${count} proven yet`, next: `Run \`holdfast verify ${app.name}\`.` }
  }
  const newest = past.findLast((point) => !point.damaged)
  const missing = newest === undefined ? [] : coverageOf(app, newest)
  const reason =
    missing.length > 0
      ? `no recovery point holds everything (missing: ${missing.join(", ")})`
      : "every recovery point is damaged or dated in the future"
  return { reason, next: `Run \`holdfast backup ${app.name}\`.` }
}

function unheld(app: App, points: readonly PosturePoint[], now: Date): readonly Finding[] {
  const left = unheldOf(app, points, now)
  if (left.length === 0) return []
  const remedy = "Name it under `files` or `databases`, or under `leaveOut` if no point need hold it"
  return [{ reason: `no recovery point holds ${left.join(", ")}`, next: `${remedy}; then run \`holdfast backup ${app.name}\`.` }]
}

function exposureMissed(exposureMs: number | null, objectiveMs: number | null): readonly Finding[] {
  if (exposureMs === null || objectiveMs === null || exposureMs <= objectiveMs) return []
  return [
    {
      reason: `the newest proven point is ${formatDuration(exposureMs)} old, the objective is ${formatDuration(objectiveMs)}`,
      next: "Run `holdfast backup` and `holdfast verify`, and check that its schedule runs.",
    },
  ]
}

function recoveryTimeMissed(recoveryTimeMs: number | null, objectiveMs: number | null): readonly Finding[] {
  if (recoveryTimeMs === null || objectiveMs === null || recoveryTimeMs <= objectiveMs) return []
  return [
    {
      reason: `the last restore took ${formatDuration(recoveryTimeMs)}, the objective is ${formatDuration(objectiveMs)}`,
      next: "Give the app a nearer vault or a longer `objectives.recoveryTime`.",
    },
  ]
}

function goodSentence(best: ProvenPoint, now: Date): string {
  const ago = formatDuration(now.getTime() - best.proof.at.getTime())
  if (best.proof.level === "read") return `Protected. Read back whole ${ago} ago, not yet proven to restore.`
  return `Protected. Proven to restore ${ago} ago, in ${formatDuration(best.proof.durationMs)}.`
}

/** What would make the proof stronger. */
function improvement(app: App, best: ProvenPoint | null): readonly string[] {
  return best?.proof.level === "read" ? [`Run \`holdfast drill ${app.name}\` to prove that it restores.`] : []
}
