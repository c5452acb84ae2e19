/** The ways back on which no data moves, because nothing of the new version has run yet. Repeatable. */
import type { App } from "../app/app.ts"
import { resume } from "../app/standstill.ts"
import type { RunContext } from "../base/run-context.ts"
import { dropPrepared } from "./keep.ts"
import { placeOld } from "./place/place.ts"
import type { UpdateTools } from "./ports.ts"
import type { Prepared } from "./prepared.ts"

/** Files and names are as they were: the app runs again, what was put beside goes. */
export async function putBackStopped(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  await resume(tools, app, prepared.standstill, ctx)
  await dropPrepared(tools, app, prepared, ctx)
}

/** Files and names of images were put in place, and nothing was started from them. */
export async function putBackUnpinned(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  await placeOld(tools, app, prepared, ctx)
  await resume(tools, app, prepared.standstill, ctx)
  await dropPrepared(tools, app, prepared, ctx)
}
