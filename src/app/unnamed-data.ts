import { isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { App } from "./app.ts"
import type { ContainerEngine, DatabaseEngines } from "./ports.ts"
import { unnamedDatabases } from "./unnamed-databases.ts"
import { unnamedTrees } from "./unnamed-trees.ts"
import type { Unnamed } from "./unnamed.ts"

/**
 * What the app has and its points do not hold, because its settings do not name it. What cannot be asked fails the work itself, which says more, or
 * is told by `doctor`: here it counts as nothing.
 * @param app as it is located
 */
export async function unnamedData(
  tools: { readonly databases: DatabaseEngines; readonly containers: ContainerEngine },
  app: App,
  ctx: RunContext,
): Promise<readonly Unnamed[]> {
  const databases = await orNothing(async () => await unnamedDatabases(tools.databases, app, ctx))
  const trees = await orNothing(async () => await unnamedTrees(app, tools.containers, ctx))
  return [...databases, ...trees]
}

async function orNothing(ask: () => Promise<readonly Unnamed[]>): Promise<readonly Unnamed[]> {
  try {
    return await ask()
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return []
  }
}
