/** Puts back on a restored database what its dump did not carry: settings, grants, comment, connection limit. */
import type { DatabaseShape } from "../../../app/ports.ts"
import { isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { identifier, literal, literals } from "./quote.ts"
import { scalar, type SqlSession } from "./session.ts"

/** Parameters whose value is a list of names; each name is given on its own (as `pg_dumpall` does). */
const LISTS = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
])

/**
 * What this role may not set (a superuser's parameter, a comment) does not make the data worthless: it is reported, and the
 * rest goes on. Call it from a session on another database, as the last step before the database goes live.
 */
export async function applyShape(session: SqlSession, name: string, shape: DatabaseShape, ctx: RunContext): Promise<void> {
  const database = identifier(name)
  const statements = [
    ...shape.settings.map((setting) => settingStatement(database, setting)),
    ...(await grantStatements(session, name, shape)),
    ...(shape.comment === null ? [] : [`COMMENT ON DATABASE ${database} IS ${literal(shape.comment)}`]),
    ...(shape.connectionLimit === null ? [] : [`ALTER DATABASE ${database} CONNECTION LIMIT ${shape.connectionLimit}`]),
  ]
  for (const statement of statements) {
    try {
      await session.rows(statement)
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_RIGHTS_MISSING")) throw thrown
      ctx.progress.warn(`could not be put back (${thrown.why ?? "no right"}): ${statement}`)
    }
  }
}

/** `name=value` of the database, `role:name=value` of one role in it. */
export function settingStatement(database: string, setting: string): string {
  const match = /^(?:(.*?):)?([A-Za-z_][\w.$]*)=(.*)$/s.exec(setting)
  const [, role, name = "", value = ""] = match ?? []
  const target = role === undefined ? `DATABASE ${database}` : `ROLE ${identifier(role)} IN DATABASE ${database}`
  const parts = LISTS.has(name.toLowerCase()) ? listItems(value) : [value]
  const parameter = name.split(".").map(identifier).join(".")
  return `ALTER ${target} SET ${parameter} TO ${literals(parts).trim()}`
}

/** `"$user", public` → `$user`, `public`. */
function listItems(value: string): readonly string[] {
  const items = value.match(/"(?:[^"]|"")*"|[^,\s][^,]*/g) ?? []
  return items.map((item) => item.trim()).map((item) => (item.startsWith('"') ? item.slice(1, -1).replaceAll('""', '"') : item))
}

/** No recorded grants means the defaults; a database that still has them is left as it is. The server itself reads its own notation. */
async function grantStatements(session: SqlSession, name: string, shape: DatabaseShape): Promise<readonly string[]> {
  const database = identifier(name)
  if (shape.grants.length === 0) {
    const untouched = await scalar(session, `SELECT datacl IS NULL FROM pg_catalog.pg_database WHERE datname = ${literal(name)}`)
    return untouched === "t" ? [] : [`GRANT CONNECT, TEMPORARY ON DATABASE ${database} TO PUBLIC`]
  }
  const rows = await session.rows(
    `SELECT CASE WHEN grantee <> 0 THEN pg_catalog.pg_get_userbyid(grantee) END, privilege_type, is_grantable
     FROM pg_catalog.aclexplode(ARRAY[${literals(shape.grants)}]::pg_catalog.aclitem[])`,
  )
  return rows.map(([grantee, privilege, grantable]) => {
    const to = grantee === null || grantee === undefined ? "PUBLIC" : identifier(grantee)
    return `GRANT ${privilege ?? ""} ON DATABASE ${database} TO ${to}${grantable === "t" ? " WITH GRANT OPTION" : ""}`
  })
}
