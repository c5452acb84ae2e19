/** Questions of recipes and operators: read-only, with the application's own search path. */
import { withAppSearchPath, type Row, type SqlSession } from "./session.ts"

export async function runQuery(session: SqlSession, sql: string): Promise<readonly Row[]> {
  await session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  const rows = await withAppSearchPath(session, async () => await session.rows(sql))
  await session.rows("ROLLBACK")
  return rows
}
