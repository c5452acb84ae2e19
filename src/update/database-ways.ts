/** How each database comes back if the update has to be taken back, by what its role may (design §10, step 4). */
import type { App, DatabaseSource } from "../app/app.ts"
import type { DatabaseEngine } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import { requireSwap } from "../restore/plan-tables.ts"
import type { UpdateTools } from "./ports.ts"
import type { UpdatePlan } from "./update-plan.ts"

type Way = UpdatePlan["databases"][number]

/**
 * The best way for each: one that cannot be copied beside itself is restored beside and renamed. Throws DATABASE_RENAME_REFUSED where that is
 * refused as well, because then there is no way back at all, and what asking the engine throws.
 */
export async function waysOf(tools: Pick<UpdateTools, "databases">, app: App, ctx: RunContext): Promise<readonly Way[]> {
  const ways: Way[] = []
  for (const source of app.databases) ways.push(await wayOf(tools.databases.for(source), source, ctx))
  return ways
}

export async function wayOf<Source extends DatabaseSource>(
  engine: Pick<DatabaseEngine<Source>, "canClone" | "inspect">,
  source: Source,
  ctx: RunContext,
): Promise<Way> {
  const { name } = source
  const clone = await engine.canClone?.(source, ctx)
  if (clone?.possible === true) return { name, way: "clone", why: clone.why, sizeBytes: clone.sizeBytes }
  requireSwap(`database:${name}`, await engine.inspect(source, ctx))
  const why = clone?.why ?? `a database of kind ${source.engine} cannot be copied beside itself`
  return { name, way: "cold-point", why, sizeBytes: clone?.sizeBytes ?? 0 }
}
