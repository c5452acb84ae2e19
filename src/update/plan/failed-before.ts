/** Whether this very release failed here before, by what was recorded of rehearsals, updates and rollbacks. Pure. */
import { z } from "zod"
import type { OperationRecord } from "../../operation/ports.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { recordedRehearsal } from "../rehearse/rehearsal-record.ts"
import { contentOf } from "../release-content.ts"

const image = z.object({ repository: z.string(), digest: z.string(), tag: z.string().nullable().catch(null) })
const updatePlan = z.object({
  to: z.object({
    images: z.record(z.string(), image),
    directory: z.object({ path: z.string(), digest: z.string() }).exactOptional(),
  }),
})
const rollbackPlan = z.object({ operationId: z.string() })
const updateResult = z.object({ outcome: z.string(), why: z.string().nullable().catch(null) })

export interface Failure {
  readonly at: Date
  readonly how: "rehearsal" | "update" | "rollback"
  /** In the words of what said it; null when nobody did. */
  readonly why: string | null
}

const HOW = { rehearsal: "failed its rehearsal", update: "was rolled back", rollback: "was applied and taken back by a person" } as const

export function howItFailed({ version }: Pick<InstallableRelease, "version">, { how, at }: Failure): string {
  return `${version} ${HOW[how]} here on ${at.toISOString()}`
}

type Recorded = Pick<OperationRecord, "id" | "kind" | "plan" | "result" | "outcome" | "errorCode" | "message" | "startedAt" | "finishedAt">

/** How the release itself failed; what was cancelled, interrupted or refused beforehand says nothing about it. */
const BLAMED: ReadonlySet<string> = new Set(["UPDATE_ROLLED_BACK", "UPDATE_REHEARSAL_FAILED"])

/**
 * The last thing that was decided about the release here, if that was a failure: a release that passed since is not held against its past.
 * @param operations of the app, newest first
 */
export function failedBefore(operations: readonly Recorded[], release: InstallableRelease): Failure | null {
  const takenBack = new Set<string>()
  for (const operation of operations) {
    if (operation.finishedAt === null) continue
    if (operation.kind === "rollback" && operation.outcome === "succeeded") takenBack.add(undoneBy(operation))
    const failure = verdictOf(operation, release, takenBack)
    if (failure !== "nothing said") return failure
  }
  return null
}

/** Null: it did well. */
function verdictOf(operation: Recorded, release: InstallableRelease, takenBack: ReadonlySet<string>): Failure | null | "nothing said" {
  const at = operation.finishedAt ?? operation.startedAt
  const rehearsal = recordedRehearsal(operation, release)
  if (rehearsal !== null) return rehearsal.passed ? null : { at, how: "rehearsal", why: rehearsal.why }
  if (operation.kind !== "update" || !movesTo(operation, release)) return "nothing said"
  if (operation.outcome === "succeeded") return takenBack.has(operation.id) ? { at, how: "rollback", why: null } : null
  const result = updateResult.safeParse(operation.result)
  const rolledBack = result.success && result.data.outcome === "rolled back"
  if (!rolledBack && !BLAMED.has(operation.errorCode ?? "")) return "nothing said"
  const how = operation.errorCode === "UPDATE_REHEARSAL_FAILED" ? "rehearsal" : "update"
  return { at, how, why: (result.success ? result.data.why : null) ?? operation.message }
}

function undoneBy({ plan }: Recorded): string {
  const read = rollbackPlan.safeParse(plan)
  return read.success ? read.data.operationId : ""
}

/** By digest: a release may have been found under another name then. */
function movesTo({ plan }: Recorded, release: InstallableRelease): boolean {
  const read = updatePlan.safeParse(plan)
  return read.success && contentOf(read.data.to).join("\n") === contentOf(release).join("\n")
}
