/** Single tables of a PostgreSQL database: put into a copy of the live one, left alone in a new one, or written as SQL. */
import type { PostgresSource } from "../../../../app/app.ts"
import type { TableReference, TableRestore } from "../../../../app/table-ports.ts"
import type { RunContext } from "../../../../base/run-context.ts"
import type { Access } from "../access.ts"
import type { EngineTools } from "../engine-tools.ts"
import { openMaintenance } from "../maintenance.ts"
import { withSession, type SqlSession } from "../session.ts"
import { keepOnly } from "./keep-only.ts"
import { mergeTables } from "./merge.ts"
import { referencesTo } from "./reference.ts"
import { writeTables } from "./write.ts"

type Reach = (source: PostgresSource, ctx: RunContext) => Promise<Access>

export function createTableRestore(tools: EngineTools, reach: Reach): TableRestore<PostgresSource> {
  const on = async <T>(source: PostgresSource, name: string, ctx: RunContext, use: (session: SqlSession) => Promise<T>): Promise<T> => {
    const access = await reach(source, ctx)
    return await withSession(async () => await access.connect(name, ctx), use)
  }
  return {
    references: async (source, tables, ctx): Promise<readonly TableReference[]> =>
      await on(source, source.database, ctx, async (session) => await referencesTo(session, tables)),
    merge: async (source, merge, ctx) => {
      const access = await reach(source, ctx)
      const outside = [source.database, merge.from, merge.into]
      return await mergeTables(tools, access, source.database, merge, async () => await openMaintenance(access, outside, ctx), ctx)
    },
    keepOnly: async (source, name, tables, ctx) => await on(source, name, ctx, async (session) => await keepOnly(session, tables)),
    write: async (read, writing, ctx) => await writeTables(tools, read, writing, ctx),
  }
}
