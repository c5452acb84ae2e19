/** A session on a database that is not being replaced: a database cannot be renamed or dropped from inside (reference: the guides' first mistake). */
import type { RunContext } from "../../../base/run-context.ts"
import type { Access } from "./access.ts"
import type { SqlSession } from "./session.ts"

/** Every cluster has them; one may be gone or closed to this role. */
export const MAINTENANCE_DATABASES = ["postgres", "template1"] as const

/** Opens a session outside the given databases. Throws what the first one said when none can be opened. */
export async function openMaintenance(access: Access, outside: readonly string[], ctx: RunContext): Promise<SqlSession> {
  const names = MAINTENANCE_DATABASES.filter((name) => !outside.includes(name))
  return await firstThatOpens(names, async (name) => await access.connect(name, ctx))
}

/** The first database that lets us in; only a server that answers is worth a second try. */
export async function firstThatOpens(names: readonly string[], open: (name: string) => Promise<SqlSession>): Promise<SqlSession> {
  let first: unknown = null
  for (const name of names) {
    try {
      return await open(name)
    } catch (thrown) {
      first ??= thrown
    }
  }
  throw first
}
