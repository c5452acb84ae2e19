import type { SqlSession } from "../session.ts"
import { listTables } from "../tables.ts"
import { notReplaceable, shapesOf } from "./shape.ts"

/** Removes every other table, with the foreign keys and views that need one of them. Throws TABLE_NOT_REPLACEABLE for a partition. */
export async function keepOnly(session: SqlSession, tables: readonly string[]): Promise<void> {
  for (const [table, shape] of await shapesOf(session, tables))
    if (shape.partOfOthers) throw notReplaceable(table, "it is partitioned, a partition, or part of an inheritance")
  const others = (await listTables(session)).filter((table) => !table.ofExtension && !tables.includes(table.name))
  if (others.length === 0) return
  await session.rows(`DROP TABLE ${others.map((table) => table.sql).join(", ")} CASCADE`)
}
