/** The point that a rehearsal restores: of the app as it is now, taken for it where there is none (design §10, step 3). */
import { capturePoint } from "../../backup/capture.ts"
import type { AppUnderCare } from "../../backup/backup.ts"
import { plainBackup } from "../../backup/options.ts"
import type { CaptureSteps } from "../../backup/steps.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Journal } from "../../operation/journal.ts"
import { markDamage } from "../../posture/damage.ts"
import { listPoints, type SealedPoint } from "../../recovery-point/recovery-point.ts"
import type { OpenVault } from "../../vault/vault.ts"
import { configurationChangedAt } from "./configuration-age.ts"
import { earlierOperations } from "../earlier-operations.ts"
import { pointOfNow, type PointOfNow } from "./point-of-now.ts"
import type { UpdateTools } from "../ports.ts"
import { REHEARSAL_AGE_MS } from "./rehearsal-record.ts"

/**
 * The newest point of the vault if it holds the app as it is, else a new one, captured while the app runs. On what was before the last update,
 * or with settings that nobody uses any more, a rehearsal would tell of another app. Throws what a capture throws.
 * @param version that is rehearsed
 */
export async function rehearsalPoint(
  tools: UpdateTools,
  subject: AppUnderCare,
  vault: OpenVault,
  version: string,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<SealedPoint> {
  const points = await listPoints(vault, tools.store, subject.app.name, ctx)
  const found = await lookForOne(tools, subject, vault, points, ctx)
  const present = points.find(({ manifest }) => manifest.id === found.id)
  if (present !== undefined) return present
  ctx.progress.note(`a point is taken to rehearse ${version} on${found.id === null ? `: ${found.why}` : ""}`)
  const options = { ...plainBackup, trigger: "update" as const, label: `to rehearse ${version}` }
  return await capturePoint(tools, { ...subject, vault, options }, journal, ctx)
}

async function lookForOne(
  tools: UpdateTools,
  { app }: AppUnderCare,
  vault: OpenVault,
  points: readonly SealedPoint[],
  ctx: RunContext,
): Promise<PointOfNow> {
  const operations = await earlierOperations(tools, app, ctx)
  const facts = points.map(({ manifest }) => ({
    id: manifest.id,
    vault: vault.location.name,
    startedAt: new Date(manifest.startedAt),
    parts: manifest.parts.map(({ part }) => part),
  }))
  const now = { app, operations, configurationChangedAt: await configurationChangedAt(app), now: ctx.clock.now() }
  return pointOfNow(markDamage(facts, operations), now, REHEARSAL_AGE_MS)
}
