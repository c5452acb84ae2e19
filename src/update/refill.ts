/** The way back of a database that cannot be copied beside itself, nor restored beside: it is emptied and filled from the safety point. */
import type { App } from "../app/app.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { findPoint } from "../recovery-point/recovery-point.ts"
import { databaseSource, type Replacement } from "../restore/replacement.ts"
import { requireSameFacts, withDump } from "../restore/stage.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { UpdateTools } from "./ports.ts"
import type { Prepared } from "./prepared.ts"

/**
 * Once: nothing in the database tells whether it was done, and done again after the old version was started it would take away what that
 * has written since. Until it is recorded nothing runs, so that it may be begun anew after a crash.
 * Throws what the vault and the engine throw, DATABASE_FACTS_DIFFER.
 */
export async function refillOnce(
  tools: UpdateTools,
  { app, vault, prepared }: { readonly app: App; readonly vault: OpenVault; readonly prepared: Prepared },
  { source: name, part: partName }: Extract<Replacement, { kind: "database" }>,
  ctx: RunContext,
): Promise<void> {
  const key = `update-refilled:${prepared.safetyPoint}:${name}`
  if ((await tools.store.value(key)) !== null) return
  const point = await findPoint(vault, tools.store, app.name, prepared.safetyPoint, ctx)
  const part = point.manifest.parts.find((candidate) => candidate.part === partName)
  const source = databaseSource(app, name)
  const engine = tools.databases.for(source)
  if (part?.kind !== "database" || engine.refill === undefined) {
    throw new HoldfastError("PART_UNKNOWN", { what: `${point.manifest.id} holds no ${partName} that could be put back` })
  }
  const facts = await withDump(
    { vault, point },
    part,
    async (dump) => await engine.refill?.(source, dump, schemaQueries(app, source), ctx),
    ctx,
  )
  if (facts !== undefined) requireSameFacts(part, facts)
  await tools.store.setValue(key, ctx.clock.now().toISOString())
}
