import type { App } from "../app/app.ts"
import type { DatabaseInspection } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { rowsAddedSince } from "../recovery-point/facts.ts"
import type { ChosenTables } from "./choose-tables.ts"
import type { RestoreTools } from "./ports.ts"
import { databaseSource } from "./replacement.ts"
import { tablesOf } from "./stage-tables.ts"

/** One table whose rows are to be replaced. */
export interface PlannedTable {
  readonly database: string
  readonly table: string
  readonly rowsNow: number
  readonly rowsInPoint: number
  /** Tables with a foreign key to it that are not restored with it. */
  readonly referredBy: readonly string[]
}

/**
 * What restoring single tables would do. A database that cannot be read cannot be given back single tables.
 * Throws DATABASE_RENAME_REFUSED, TABLE_NOT_REPLACEABLE for a table that is not there any more, and what the engine throws.
 */
export async function lookAtTables(tools: RestoreTools, app: App, chosen: readonly ChosenTables[], ctx: RunContext) {
  const planned: PlannedTable[] = []
  const rowsLost: { database: string; table: string; rows: number }[] = []
  for (const { part, tables } of chosen) {
    const source = databaseSource(app, part.name)
    const engine = tools.databases.for(source)
    const { references } = tablesOf(engine, part.part)
    requireSwap(part.part, await engine.inspect(source, ctx))
    const now = await engine.facts(source, null, null, ctx)
    const keys = await references(source, tables, ctx)
    for (const table of tables) {
      const rowsNow = now.rows[table]
      const rowsInPoint = part.facts.rows[table] ?? 0
      if (rowsNow === undefined) throw gone(part.part, table)
      const referredBy = keys.filter((key) => key.to === table).map((key) => key.from)
      planned.push({ database: part.name, table, rowsNow, rowsInPoint, referredBy })
      rowsLost.push(...rowsAddedSince({ [table]: rowsInPoint }, { [table]: rowsNow }).map((change) => ({ database: part.name, ...change })))
    }
  }
  const warnings = [
    "tables that are restored alone may not fit the rest of the app's data: foreign keys are checked, what only the program knows is not",
  ]
  return { rowsLost, warnings, tables: planned }
}

function gone(part: string, table: string): HoldfastError {
  return new HoldfastError("TABLE_NOT_REPLACEABLE", {
    what: `${part} has no table ${table} any more`,
    why: "rows are put back into a table that is there; a table that was dropped comes back with the whole database",
  })
}

/** Throws DATABASE_RENAME_REFUSED, with the words that would allow it, where a restored database could not be swapped in. */
export function requireSwap(part: string, { canSwap }: Pick<DatabaseInspection, "canSwap">): void {
  if (canSwap.allowed) return
  const { why, remedy } = canSwap
  throw new HoldfastError("DATABASE_RENAME_REFUSED", {
    what: `${part} cannot be swapped`,
    why,
    ...(remedy === undefined ? {} : { hint: remedy }),
  })
}
