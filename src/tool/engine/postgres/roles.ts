/** Roles that a dump's owners and grants need before it can be restored (F46). */
import type { DatabaseShape } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Secret } from "../../../base/secret.ts"
import { listed } from "./capture-rights.ts"
import { identifier, literal, literals } from "./quote.ts"
import { column, scalar, type SqlSession } from "./session.ts"

type Role = DatabaseShape["roles"][number]

const MAY_CREATE = "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user"
const IS_SUPERUSER = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
/** Never handed out again: a role made here cannot log in before a person gives it a password. */
const WITHHELD = new Set(["LOGIN"])

/** Makes what is missing, without login; throws DATABASE_RIGHTS_MISSING, naming the roles, where that is not allowed. */
export async function ensureRoles(session: SqlSession, shape: DatabaseShape, ctx: RunContext): Promise<void> {
  const missing = await missingRoles(session, shape.roles)
  if (missing.length === 0) return
  const names = listed(missing.map((role) => role.name))
  if ((await scalar(session, MAY_CREATE)) !== "t") {
    throw new HoldfastError("DATABASE_RIGHTS_MISSING", {
      what: `the server lacks roles that the point needs, and this role may not create them: ${names}`,
      hint: "Create the roles that are named, or restore as a superuser.",
      details: { roles: missing.map((role) => role.name) },
    })
  }
  const superuser = (await scalar(session, IS_SUPERUSER)) === "t"
  for (const role of missing) await session.rows(createRole(role, superuser))
  for (const role of missing) await grantMemberships(session, role)
  ctx.progress.warn(`roles were missing and were created without login and password: ${names}`)
}

async function missingRoles(session: SqlSession, roles: readonly Role[]): Promise<readonly Role[]> {
  if (roles.length === 0) return []
  const names = literals(roles.map((role) => role.name))
  const present = new Set(await column(session, `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN (${names})`))
  return roles.filter((role) => !present.has(role.name))
}

/** Attributes that only a superuser may hand out are left out where we are none. */
function createRole(role: Role, superuser: boolean): string {
  const allowed = role.attributes.filter((attribute) => !WITHHELD.has(attribute) && (superuser || attribute === "NOINHERIT"))
  return `CREATE ROLE ${identifier(role.name)} NOLOGIN ${allowed.join(" ")}`
}

async function grantMemberships(session: SqlSession, role: Role): Promise<void> {
  for (const group of role.memberOf) await session.rows(`GRANT ${identifier(group)} TO ${identifier(role.name)}`)
}

/** Makes the role where it is missing. */
export async function allowLogin(session: SqlSession, role: string, password: Secret | null): Promise<void> {
  const found = await column(session, `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)}`)
  if (found.length === 0) await session.rows(`CREATE ROLE ${identifier(role)}`)
  await session.rows(`ALTER ROLE ${identifier(role)} LOGIN${password === null ? "" : ` PASSWORD ${literal(password.reveal())}`}`)
}
