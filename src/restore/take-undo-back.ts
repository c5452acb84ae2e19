import { lstat } from "node:fs/promises"
import type { App } from "../app/app.ts"
import { standStill, type Standstill } from "../app/standstill.ts"
import type { RunContext } from "../base/run-context.ts"
import { exchangedImage } from "./images.ts"
import { startAgain } from "./in-place.ts"
import type { RestoreTools } from "./ports.ts"
import { databaseSource, swapIn, type Replacement } from "./replacement.ts"

/**
 * Takes an undo back that was begun: what was restored is live again, and the state that the undo brings back is kept again under its own
 * names, so that the undo stays possible. A plain swap back would leave it where failed states go, which are dropped. Repeatable.
 * @param reversed as the undo journaled them
 */
export async function takeUndoBack(
  tools: RestoreTools,
  app: App,
  reversed: readonly Replacement[],
  standstill: Standstill,
  ctx: RunContext,
): Promise<void> {
  await standStill(tools, app, standstill, ctx)
  for (const [index, replacement] of [...reversed.entries()].toReversed()) await swapAgain(tools, app, replacement, index, ctx)
  await startAgain(tools, app, standstill, true, ctx)
}

/** What exists cannot tell the first exchange from the second, so the turn between them is written down. */
async function swapAgain(tools: RestoreTools, app: App, replacement: Replacement, index: number, ctx: RunContext): Promise<void> {
  const turned = `undo-turned:${ctx.operationId}:${index}`
  if ((await tools.store.value(turned)) === null) {
    if (!(await wasBegun(tools, app, replacement, ctx))) return
    await swapIn(tools, app, replacement, ctx)
    await tools.store.setValue(turned, "yes")
  }
  await swapIn(tools, app, again(replacement), ctx)
}

/** The other way round: what the undo set aside comes back, what it brought back is kept. */
function again(replacement: Replacement): Replacement {
  if (replacement.kind === "database") return { ...replacement, names: exchanged(replacement.names) }
  if (replacement.kind === "tree") return { ...replacement, swap: exchanged(replacement.swap) }
  if (replacement.kind === "image") return { ...replacement, swap: exchangedImage(replacement.swap) }
  return { ...replacement, swap: { ...exchanged(replacement.swap), existed: !replacement.swap.removes, removes: false } }
}

function exchanged<N extends { readonly staged: string; readonly kept: string }>(names: N): N {
  return { ...names, staged: names.kept, kept: names.staged }
}

async function wasBegun(tools: RestoreTools, app: App, replacement: Replacement, ctx: RunContext): Promise<boolean> {
  if (replacement.kind === "image") return true
  if (replacement.kind === "file") return await isThere(replacement.swap.kept)
  if (replacement.kind === "tree") {
    const { kept, root } = replacement.swap
    return (await isThere(kept)) || (await isThere(`${kept}.partial`)) || !(await isThere(root))
  }
  const source = databaseSource(app, replacement.source)
  const now = await tools.databases.for(source).observe(source, replacement.names, ctx)
  return now.kept || !now.live
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}
