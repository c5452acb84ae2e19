import { unnamedData } from "../app/unnamed-data.ts"
import type { Unnamed } from "../app/unnamed.ts"
import type { RunContext } from "../base/run-context.ts"
import type { CaptureRequest } from "./capture-request.ts"
import type { BackupTools } from "./ports.ts"

/** What the app has and this point does not hold, because the settings do not name it; for whole points that are taken by themselves. */
export async function unnamedBeside(tools: BackupTools, { app, options }: CaptureRequest, ctx: RunContext): Promise<readonly Unnamed[]> {
  const isOrdinary = options.trigger === "manual" || options.trigger === "schedule"
  return isOrdinary && options.only === null ? await unnamedData(tools, app, ctx) : []
}
