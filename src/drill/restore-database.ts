import { join } from "node:path"
import type { App } from "../app/app.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { RunContext } from "../base/run-context.ts"
import { differingFacts } from "../recovery-point/facts.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import { checkReferences, judgeReferences } from "../restore/references.ts"
import { proveKeys } from "../restore/keys.ts"
import { databaseSource } from "../restore/replacement.ts"
import { stageDump, type Origin } from "../restore/stage.ts"
import type { Fetched } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"
import type { Assertion } from "./report.ts"

export interface DatabaseDrill {
  readonly assertions: readonly Assertion[]
  readonly warnings: readonly string[]
}

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
      const differences = differingFacts(part.facts, staged.facts)
      const rows = Object.values(part.facts.rows).reduce((sum, count) => sum + count, 0)
      const facts: Assertion = {
        name: part.part,
        passed: differences.length === 0,
        detail:
          differences.length === 0 ? `${rows} rows in ${Object.keys(part.facts.rows).length} tables, as captured` : differences.join("; "),
      }
      // References and key proofs are told by the name of the database that the scratch one stands for.
      const place = { source: { ...scratch, name: source.name }, database: staged.name, trees: fetched.trees }
      const warnings = judgeReferences(app, await checkReferences(tools.databases, app, place, scratchCtx))
      const { keyFingerprints } = origin.point.manifest
      const keys = await proveKeys(tools.databases, app, { ...place, paths: fetched.paths }, keyFingerprints, scratchCtx)
      const opened = keys.map((key): Assertion => ({
        name: `key ${key.name}`,
        passed: key.status !== "failed",
        detail: `${key.status}: ${key.why}`,
      }))
      return { assertions: [facts, ...opened], warnings }
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
