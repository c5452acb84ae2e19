import type { App, DatabaseSource } from "../app/app.ts"
import type { DatabaseFacts } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import { differingFacts } from "../recovery-point/facts.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import { proveKeys } from "../restore/keys.ts"
import { checkReferences, judgeReferences } from "../restore/references.ts"
import type { Origin } from "../restore/stage.ts"
import type { Fetched } from "./fetch.ts"
import type { DrillTools } from "./ports.ts"
import type { Assertion } from "./report.ts"

export interface DatabaseDrill {
  readonly assertions: readonly Assertion[]
  readonly warnings: readonly string[]
}

/** Where the restored database is, and what it says of itself. */
export interface RestoredDatabase {
  readonly source: DatabaseSource
  /** Null for the source's own database. */
  readonly database: string | null
  readonly facts: DatabaseFacts
}

/** Compares everything that can be compared: facts, the keys of the point with the data of the point, references from rows to files. */
export async function assertDatabase(
  tools: DrillTools,
  app: App,
  origin: Origin,
  part: DatabasePart,
  { source, database, facts }: RestoredDatabase,
  fetched: Fetched,
  ctx: RunContext,
): Promise<DatabaseDrill> {
  const differences = differingFacts(part.facts, facts)
  const rows = Object.values(part.facts.rows).reduce((sum, count) => sum + count, 0)
  const same: Assertion = {
    name: part.part,
    passed: differences.length === 0,
    detail:
      differences.length === 0
        ? `${counted(rows, "row")} in ${counted(Object.keys(part.facts.rows).length, "table")}, as captured`
        : differences.join("; "),
  }
  // References and key proofs are told by the name of the database that this one stands for.
  const place = { source: { ...source, name: part.name }, database, trees: fetched.trees }
  const warnings = judgeReferences(app, await checkReferences(tools.databases, app, place, ctx))
  const keys = await proveKeys(tools.databases, app, { ...place, paths: fetched.paths }, origin.point.manifest.keyFingerprints, ctx)
  const opened = keys.map((key): Assertion => ({
    name: `key ${key.name}`,
    passed: key.status !== "failed",
    detail: `${key.status}: ${key.why}`,
  }))
  return { assertions: [same, ...opened], warnings }
}
