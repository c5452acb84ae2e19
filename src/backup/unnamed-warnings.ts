import { unnamedDatabases, unnamedText } from "../app/unnamed-databases.ts"
import { unnamedTrees } from "../app/unnamed-trees.ts"
import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { CaptureRequest } from "./capture-request.ts"
import type { BackupTools } from "./ports.ts"

/** What the app has and this point does not hold, because the settings do not name it; for whole points that are taken by themselves. */
export async function unnamedWarnings(tools: BackupTools, { app, options }: CaptureRequest, ctx: RunContext): Promise<readonly string[]> {
  const isOrdinary = options.trigger === "manual" || options.trigger === "schedule"
  if (options.only !== null || !isOrdinary) return []
  const databases = await orNothing(async () => (await unnamedDatabases(tools.databases, app, ctx)).map(unnamedText))
  const trees = await orNothing(async () => await unnamedTrees(app, tools.containers, ctx))
  return [...databases, ...trees].map((text) => `${text}: its points do not hold it`)
}

/** What cannot be asked fails the capture itself, which says more, or is told by `doctor`. */
async function orNothing(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await ask()
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return []
  }
}
