/** How each database comes back if the update has to be taken back, by what its role may and what there is room for (design §10, step 4). */
import type { App, DatabaseSource } from "../../app/app.ts"
import type { DatabaseEngine } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { formatBytes } from "../../base/units.ts"
import type { SpaceThere } from "../../restore/free-space.ts"
import { databaseSource } from "../../restore/replacement.ts"
import type { UpdateTools } from "../ports.ts"
import type { UpdatePlan } from "../update-plan.ts"

type Way = UpdatePlan["databases"][number]

/** The best way for each. Throws DATABASE_RENAME_REFUSED where there is none, and what asking the engine throws. */
export async function waysOf(tools: UpdateTools, app: App, ctx: RunContext): Promise<readonly Way[]> {
  const ways: Way[] = []
  for (const source of app.databases) ways.push(await wayOf(tools.databases.for(source), source, ctx))
  return ways
}

type Asked<Source extends DatabaseSource> = Pick<DatabaseEngine<Source>, "canClone" | "inspect" | "canRefill">

export async function wayOf<Source extends DatabaseSource>(engine: Asked<Source>, source: Source, ctx: RunContext): Promise<Way> {
  const { name } = source
  const clone = await engine.canClone?.(source, ctx)
  if (clone?.possible === true) return { name, way: "clone", why: clone.why, sizeBytes: clone.sizeBytes }
  const why = clone?.why ?? `a database of kind ${source.engine} cannot be copied beside itself`
  const sizeBytes = clone?.sizeBytes ?? 0
  const { canSwap } = await engine.inspect(source, ctx)
  if (canSwap.allowed) return { name, way: "cold-point", why, sizeBytes }
  const refill = await engine.canRefill?.(source, ctx)
  if (refill?.possible === true) return { name, way: "refill", why, sizeBytes }
  throw noWay(name, [canSwap.why ?? why, refill?.why], canSwap.remedy)
}

function noWay(name: string, [beside, refill]: readonly [string, string | undefined], remedy: string | undefined): HoldfastError {
  return new HoldfastError("DATABASE_RENAME_REFUSED", {
    what: `database:${name} could not be brought back after an update`,
    why: refill === undefined ? beside : `${beside}; nor can it be emptied and filled again, because ${refill}`,
    ...(remedy === undefined ? {} : { hint: remedy }),
  })
}

/** The same without room for a second database: those that can be emptied and filled again need none. Null where none of them can. */
export async function waysWithoutRoom(
  tools: UpdateTools,
  app: App,
  ways: readonly Way[],
  tight: SpaceThere,
  ctx: RunContext,
): Promise<readonly Way[] | null> {
  const why = `${tight.where} has ${formatBytes(tight.freeBytes)} free, ${formatBytes(tight.neededBytes)} would be needed with a copy beside it`
  let isSmaller = false
  const smaller: Way[] = []
  for (const way of ways) {
    const source = databaseSource(app, way.name)
    const canRefill = way.way !== "refill" && (await tools.databases.for(source).canRefill?.(source, ctx))?.possible === true
    isSmaller ||= canRefill
    smaller.push(canRefill ? { ...way, way: "refill", why } : way)
  }
  return isSmaller ? smaller : null
}
