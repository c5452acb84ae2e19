import { join } from "node:path"
import type { App } from "../app/app.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { RunContext } from "../base/run-context.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import { databaseSource } from "../restore/replacement.ts"
import { stageDump, type Origin } from "../restore/stage.ts"
import { assertDatabase, type DatabaseDrill } from "./assert-database.ts"
import type { Fetched } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"

/** Restores one database into a throwaway server of the same major version and compares everything that can be compared. */
export async function drillDatabase(
  tools: DrillTools,
  app: App,
  origin: Origin,
  part: DatabasePart,
  fetched: Fetched,
  directory: string,
  ctx: RunContext,
): Promise<DatabaseDrill> {
  const source = databaseSource(app, part.name)
  const engine = tools.databases.for(source)
  const request = {
    image: await imageOf(tools, origin, part, ctx),
    majorVersion: part.facts.engineVersion.split(".")[0] ?? part.facts.engineVersion,
    shape: part.shape,
    directory: join(directory, "database", part.name),
  }
  return await engine.scratch(
    source,
    request,
    async (scratch, scratchCtx) => {
      const names = engine.planNames(scratch, scratchCtx.operationId)
      const target = { source: scratch, name: names.staged, schema: schemaQueries(app, source) }
      const staged = await stageDump(tools.databases, origin, part, target, scratchCtx)
      const restored = { source: scratch, database: staged.name, facts: staged.facts }
      return await assertDatabase(tools, app, origin, part, restored, fetched, scratchCtx)
    },
    ctx,
  )
}

/** The image that ran the server when the point was made, if it is here; extensions then exist in the sandbox as well. */
async function imageOf(tools: DrillTools, origin: Origin, part: DatabasePart, ctx: RunContext): Promise<string | null> {
  const service = origin.point.manifest.services.find((record) => record.service === part.source["service"])
  if (service === undefined) return null
  return (await tools.containers.imagePresent(service.imageId, ctx)) ? service.imageId : null
}
