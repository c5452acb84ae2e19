import { z } from "zod"
import type { App } from "../app/app.ts"
import { standstillFromJson, standstillToJson, type Standstill } from "../app/standstill.ts"
import type { Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { KeptRecord, Store } from "../operation/ports.ts"
import { appendLedger } from "../vault/ledger.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { RestoreTools } from "./ports.ts"
import { drop, replacementsFromJson, replacementsToJson, type Replacement } from "./replacement.ts"

/**
 * `restore`: what it replaced, which `undo` swaps back. `update`: what it replaced, which goes back only together with images and
 * configuration. `rollback`: what an update had made of it, kept to be looked at and exported.
 */
export type KeptBy = "restore" | "update" | "rollback"

/** What was replaced and kept beside. */
export interface KeptState {
  readonly replacements: readonly Replacement[]
  readonly standstill: Standstill
  readonly safetyPoint: string | null
  readonly point: string
  /** Whether the replaced state passed the gate: an undo is judged by it only then. */
  readonly wellBefore: boolean
  readonly by: KeptBy
  /** Points whose parts are needed to take it back, sealed or not: nobody sweeps them. */
  readonly needs: readonly string[]
  /** Whatever else the verb needs to take it back. */
  readonly more: Json
}

const keptSchema = z.object({
  replacements: z.json(),
  standstill: z.json(),
  safetyPoint: z.string().nullable(),
  point: z.string(),
  wellBefore: z.boolean(),
  // Kept states of earlier versions are all of restores.
  by: z.enum(["restore", "update", "rollback"]).default("restore"),
  needs: z.array(z.string()).default([]),
  more: z.json().default(null),
})

/** Records the kept state in the store and, because the store can be lost, in the vault's ledger. */
export async function recordKept(
  tools: RestoreTools,
  vault: OpenVault,
  app: App,
  kept: Omit<KeptState, "by" | "needs" | "more"> & Partial<Pick<KeptState, "by" | "needs" | "more">>,
  keptUntil: Date,
  ctx: RunContext,
): Promise<void> {
  const details = {
    replacements: replacementsToJson(kept.replacements),
    standstill: standstillToJson(kept.standstill),
    safetyPoint: kept.safetyPoint,
    point: kept.point,
    wellBefore: kept.wellBefore,
    by: kept.by ?? "restore",
    needs: [...(kept.needs ?? [])],
    more: kept.more ?? null,
  }
  const record: KeptRecord = { operationId: ctx.operationId, app: app.name, keptUntil, releasedAt: null, details }
  await appendLedger(
    vault,
    { kind: "kept", app: app.name, at: ctx.clock.now(), entry: { ...record, keptUntil: keptUntil.toISOString() } },
    ctx,
  )
  await tools.store.putKept(record)
}

/** The kept state of one operation. Throws UNDO_UNAVAILABLE when there is none any more. */
export async function findKept(
  tools: { readonly store: Pick<Store, "kept"> },
  app: Pick<App, "name">,
  operationId: string,
): Promise<{ record: KeptRecord; state: KeptState }> {
  const record = (await tools.store.kept(app.name)).find((candidate) => candidate.operationId === operationId)
  if (record === undefined) throw new HoldfastError("UNDO_UNAVAILABLE", { what: `operation ${operationId} kept nothing of ${app.name}` })
  const state = keptStateOf(record)
  if (state.by !== "restore") throw notOfRestore(operationId, app, state.by)
  if (record.releasedAt !== null) {
    throw new HoldfastError("UNDO_UNAVAILABLE", {
      what: `what operation ${operationId} kept was released at ${record.releasedAt.toISOString()}`,
    })
  }
  return { record, state }
}

/** Data alone would go back, under the program of another version. */
function notOfRestore(operationId: string, app: Pick<App, "name">, by: KeptBy): HoldfastError {
  return new HoldfastError("UNDO_UNAVAILABLE", {
    what: `operation ${operationId} was no restore`,
    hint:
      by === "update"
        ? `Run \`holdfast update rollback ${app.name}\`: data, images and configuration go back together.`
        : "What a rollback set aside is kept to be looked at; it is released when its time is over.",
  })
}

/** Whether `undo` can put it back. */
export function isUndoable(record: KeptRecord): boolean {
  return record.releasedAt === null && keptStateOf(record).by === "restore"
}

export function keptStateOf(record: KeptRecord): KeptState {
  const details = keptSchema.parse(record.details)
  return {
    replacements: replacementsFromJson(details.replacements),
    standstill: standstillFromJson(details.standstill),
    safetyPoint: details.safetyPoint,
    point: details.point,
    wellBefore: details.wellBefore,
    by: details.by,
    needs: details.needs,
    more: details.more,
  }
}

/**
 * Releases kept states whose window has closed: drops them, then marks them released. Repeating it is harmless.
 * Returns the operations whose states went.
 */
export async function releaseKept(
  tools: RestoreTools,
  app: App,
  which: (record: KeptRecord) => boolean,
  ctx: RunContext,
): Promise<readonly string[]> {
  const due = (await tools.store.kept(app.name)).filter((record) => record.releasedAt === null && which(record))
  for (const record of due) {
    for (const replacement of keptStateOf(record).replacements) await drop(tools, app, replacement, "kept", ctx)
    await tools.store.putKept({ ...record, releasedAt: ctx.clock.now() })
  }
  return due.map((record) => record.operationId)
}
