/** What an update keeps beside for the time in which it can be taken back, and what going back sets aside. */
import type { App } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"
import { exists } from "../app/tree/swap-steps.ts"
import { letImageGo } from "../restore/images.ts"
import { recordKept } from "../restore/kept.ts"
import { databaseSource, drop, type Replacement } from "../restore/replacement.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { UpdateTools } from "./ports.ts"
import { keptUpdateToJson, treesOf, type Prepared, type TreesBefore } from "./prepared.ts"
import { forgetPutBack } from "./tree/put-back.ts"

/**
 * Records the state before the update as kept, under the operation of the update.
 * @param safetyPoint null until it is sealed: until then the copy is the only one, and nobody releases it by itself
 */
export async function keepReplaced(
  tools: UpdateTools,
  place: { readonly app: App; readonly vault: OpenVault; readonly prepared: Prepared; readonly trees: TreesBefore },
  safetyPoint: string | null,
  keptUntil: Date,
  ctx: RunContext,
): Promise<void> {
  const { app, vault, prepared, trees } = place
  const { replacements, standstill, hotPoint, wellBefore } = prepared
  const more = keptUpdateToJson({ prepared, trees })
  await recordKept(
    tools,
    vault,
    app,
    { replacements, standstill, safetyPoint, point: hotPoint, wellBefore, by: "update", needs: [prepared.safetyPoint], more },
    keptUntil,
    ctx,
  )
}

/**
 * After going back: what the new version had made of things is kept under the same operation, to be looked at and exported; everything else
 * that the update had put beside goes. Repeating it is harmless.
 */
export async function keepSetAside(
  tools: UpdateTools,
  place: { readonly app: App; readonly vault: OpenVault; readonly prepared: Prepared },
  updateId: string,
  keptUntil: Date,
  ctx: RunContext,
): Promise<void> {
  const { app, vault, prepared } = place
  // What follows takes away what going back decides by: from here on it is not done again.
  await tools.store.setValue(wentBackKey(updateId), "yes")
  for (const tree of treesOf(prepared.replacements)) await forgetPutBack(tree.swap, ctx)
  for (const replacement of prepared.replacements) if (replacement.kind === "image") await letImageGo(tools, replacement.swap, ctx)
  const aside: Replacement[] = []
  for (const replacement of prepared.replacements) aside.push(...(await setAside(tools, app, replacement, ctx)))
  const { standstill, hotPoint, wellBefore } = prepared
  const kept = { replacements: aside, standstill, safetyPoint: hotPoint, point: hotPoint, wellBefore, by: "rollback" as const }
  await recordKept(tools, vault, app, kept, keptUntil, { ...ctx, operationId: updateId })
}

function wentBackKey(updateId: string): string {
  return `update-went-back:${updateId}`
}

/** Whether everything of the update was taken back already, so that only tidying up is left. */
export async function hasGoneBack(tools: Pick<UpdateTools, "store">, updateId: string): Promise<boolean> {
  return (await tools.store.value(wentBackKey(updateId))) !== null
}

/** In the place of what is kept stands what failed, so that releasing removes it. */
async function setAside(tools: UpdateTools, app: App, replacement: Replacement, ctx: RunContext): Promise<readonly Replacement[]> {
  if (replacement.kind === "image") return []
  if (replacement.kind === "database") {
    const source = databaseSource(app, replacement.source)
    const { failed } = await tools.databases.for(source).observe(source, replacement.names, ctx)
    return failed ? [{ ...replacement, names: { ...replacement.names, kept: replacement.names.failed } }] : []
  }
  if (!(await exists(replacement.swap.failed))) return []
  if (replacement.kind === "file") return [{ ...replacement, swap: { ...replacement.swap, kept: replacement.swap.failed } }]
  return [{ ...replacement, swap: { ...replacement.swap, kept: replacement.swap.failed } }]
}

/** Nothing of the update was live, or it is no more: copies, staged files, notes and kept names of images go. Repeating it is harmless. */
export async function dropPrepared(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  for (const replacement of prepared.replacements) {
    await drop(tools, app, replacement, "staged", ctx)
    await drop(tools, app, replacement, "failed", ctx)
    // What is kept of a file is the file of before; after going back there is none, and without having gone there never was.
    if (replacement.kind !== "file") await drop(tools, app, replacement, "kept", ctx)
  }
}
