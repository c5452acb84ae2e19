/** The expected downtime of one app's update, from what its store and its newest point tell. */
import type { App } from "../../app/app.ts"
import { planStandstill, type Standstill } from "../../app/standstill.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { findPoint, type SealedPoint } from "../../recovery-point/recovery-point.ts"
import type { OpenVault } from "../../vault/vault.ts"
import { earlierOperations } from "../earlier-operations.ts"
import { predictDowntime } from "./downtime.ts"
import type { UpdateTools } from "../ports.ts"
import type { Rehearsal, UpdatePlan } from "../update-plan.ts"

export interface AppFacts {
  readonly app: App
  /** Newest first. */
  readonly operations: readonly OperationRecord[]
  readonly databases: UpdatePlan["databases"]
  readonly newest: SealedPoint | null
  readonly rehearsal: Rehearsal | null
  readonly standstill: Standstill
}

/** In milliseconds; null when nothing is known. */
export function predictFor({ app, operations, databases, newest, rehearsal, standstill }: AppFacts): number | null {
  const captures = new Map(
    newest?.manifest.parts.flatMap((part) => (part.kind === "database" ? [[part.name, part.durationMs] as const] : [])),
  )
  const copied = databases.map(({ name, way }) => ({ way, captureMs: captures.get(name) ?? null }))
  // Nothing is stopped where nothing runs.
  const graceMs = app.compose !== null && standstill.services.length === 0 ? 0 : standstill.graceSeconds * 1000
  // How long a plain program takes to start was not rehearsed; what the last update took is then all that is known.
  return predictDowntime({ operations, graceMs, databases: copied, rehearsal: app.compose === null ? null : rehearsal })
}

/** What the plan could not know, because the rehearsal came after it. In milliseconds; null when nothing is known. */
export async function predictAfter(
  tools: UpdateTools,
  app: App,
  vault: OpenVault,
  databases: UpdatePlan["databases"],
  rehearsal: Rehearsal,
  ctx: RunContext,
): Promise<number | null> {
  return predictFor({
    app,
    operations: await earlierOperations(tools, app, ctx),
    databases,
    newest: await newestPoint(tools, vault, app, ctx),
    rehearsal,
    standstill: await planStandstill(tools, app, ctx),
  })
}

/** Null for an app without any point: then nothing is proven either, which is refused with its own words. */
export async function newestPoint(tools: UpdateTools, vault: OpenVault, app: App, ctx: RunContext): Promise<SealedPoint | null> {
  try {
    return await findPoint(vault, tools.store, app.name, "latest", ctx)
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "POINT_UNKNOWN") return null
    throw thrown
  }
}
