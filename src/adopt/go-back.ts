import { gate } from "../app/gate.ts"
import type { RunContext } from "../base/run-context.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import { dropStaged, letImagesGo, nameOldImages, removeNetworks, startAsBefore, stopAnew, takeFilesBack } from "./change.ts"
import { databaseReplacements, schemasNow, stageDatabases, swapDatabases } from "./data-back.ts"
import type { AdoptSubject, AdoptTools } from "./ports.ts"
import type { Prepared } from "./prepared.ts"

/** The newer state of a database that a way back replaced stays this long. */
const KEEP_MS = 7 * 24 * 3_600_000

/**
 * Everything as it was before the adoption, decided from what exists. Repeating it is harmless.
 * @param cold the point of the stopped app; null when it was not taken, and then the new version never ran
 */
export async function goBack(
  tools: AdoptTools,
  subject: AdoptSubject,
  prepared: Prepared,
  cold: SealedPoint | null,
  ctx: RunContext,
): Promise<void> {
  const { app, vault } = subject
  if (cold !== null) await stopAnew(tools, app, prepared, ctx)
  await takeFilesBack(tools, app, prepared, ctx)
  await nameOldImages(tools, prepared, ctx)
  if (cold !== null) {
    const origin = { vault, point: cold }
    const moved = (await schemasNow(tools, app, origin, ctx)).filter((schema) => schema.moved).map((schema) => schema.database)
    const replacements = await databaseReplacements(tools, app, origin, moved, ctx)
    await stageDatabases(tools, app, origin, replacements, ctx)
    const until = new Date(ctx.clock.now().getTime() + KEEP_MS)
    await swapDatabases(tools, app, origin, replacements, prepared, { until, safetyPoint: null }, ctx)
  }
  await startAsBefore(tools, app, prepared, ctx)
  await removeNetworks(tools, app, prepared, ctx)
  await dropStaged(prepared)
  await letImagesGo(tools, prepared, ctx)
  if (cold !== null) await untilWell(tools, subject, prepared, ctx)
}

/** It was well before the adoption began, so it is waited for; that it is not well after all is told, for there is nothing left to put back. */
async function untilWell(tools: AdoptTools, { app }: AdoptSubject, { standstill }: Prepared, ctx: RunContext): Promise<void> {
  const report = await gate(app, tools, { kind: "live" }, ctx, { ignoreServices: standstill.rested })
  if (report.passed) return
  const failed = report.checks.filter((check) => check.outcome === "failed").map(({ name, why }) => `${name} ${why}`)
  ctx.progress.warn(`everything is as it was before, and ${app.name} is not well: ${failed.join(", ")}`)
}
