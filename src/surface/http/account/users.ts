import type { DatabaseSync } from "node:sqlite"
import { z } from "zod"
import { HoldfastError } from "../../../base/errors.ts"
import type { User } from "../../../contract/api/accounts.ts"
import type { Grant } from "../../../contract/api/roles.ts"
import type { ApiKeys } from "./api-keys.ts"
import { grantsOf, isLess, isOwner, putGrants } from "./grants.ts"
import { NO_EMAIL, type NewUser, type SignIn } from "./sign-in.ts"

export interface UserChange {
  readonly name?: string | undefined
  readonly email?: string | null | undefined
  readonly grants?: readonly Grant[] | undefined
  readonly disabled?: boolean | undefined
  readonly password?: string | undefined
  readonly resetSecondFactor?: boolean | undefined
}

/** Users and what they may; whatever takes something from somebody ends their sessions at once. */
export interface Users {
  list(): readonly User[]
  isEmpty(): boolean
  /** By id or by name. Throws USER_UNKNOWN. */
  find(idOrName: string): User
  /** Throws USER_EXISTS. */
  add(user: NewUser, grants: readonly Grant[]): Promise<User>
  /** Throws USER_UNKNOWN; LAST_OWNER when nobody would be left who may everything. */
  edit(idOrName: string, change: UserChange): Promise<User>
  /** Throws USER_UNKNOWN, LAST_OWNER. */
  remove(idOrName: string): User
}

const row = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  email: z.string(),
  createdAt: z.union([z.string(), z.number()]),
  twoFactorEnabled: z.number().nullable(),
  passkeys: z.number(),
  sessions: z.number(),
  disabled: z.number(),
})

const SELECT = `
SELECT u.id, u.username, u.name, u.email, u.createdAt, u.twoFactorEnabled,
  (SELECT count(*) FROM passkey p WHERE p.userId = u.id) AS passkeys,
  (SELECT count(*) FROM session s WHERE s.userId = u.id) AS sessions,
  (SELECT count(*) FROM disabled_user d WHERE d.user_id = u.id) AS disabled
FROM user u`

export function usersIn(database: DatabaseSync, signIn: SignIn, keys: ApiKeys): Users {
  const list = (): readonly User[] =>
    z
      .array(row)
      .parse(database.prepare(`${SELECT} ORDER BY u.username`).all())
      .map((one) => userOf(database, one))
  const find = (idOrName: string): User => {
    const found = database.prepare(`${SELECT} WHERE u.id = ? OR u.username = ?`).get(idOrName, idOrName.toLowerCase())
    if (found === undefined) throw new HoldfastError("USER_UNKNOWN", { what: `there is no user ${idOrName}` })
    return userOf(database, row.parse(found))
  }
  const refuseLastOwner = (user: User): void => {
    const others = list().filter((one) => one.id !== user.id && !one.disabled && isOwner(one.grants))
    if (!isOwner(user.grants) || others.length > 0) return
    throw new HoldfastError("LAST_OWNER", { what: `${user.username} is the only owner` })
  }
  return {
    list,
    find,
    isEmpty: () => database.prepare("SELECT 1 FROM user LIMIT 1").get() === undefined,
    add: async (user, grants) => {
      const taken = database.prepare("SELECT 1 FROM user WHERE username = ? OR email = ?").get(user.username, user.email ?? "")
      if (taken !== undefined) throw new HoldfastError("USER_EXISTS", { what: `the name or address of ${user.username} is taken` })
      const id = await signIn.create(user)
      putGrants(database, id, grants)
      return find(id)
    },
    edit: async (idOrName, change) => {
      const user = find(idOrName)
      const grants = change.grants ?? user.grants
      const disabled = change.disabled ?? user.disabled
      if (disabled || !isOwner(grants)) refuseLastOwner(user)
      if (change.password !== undefined) await signIn.setPassword(user.id, change.password)
      apply(database, user, change)
      const less = isLess(user.grants, grants) || disabled
      if (less || change.password !== undefined || change.resetSecondFactor === true) endSessions(database, user.id)
      // A key can do what its maker could: it goes when the maker may no longer make any.
      if (less && (disabled || !isOwner(grants))) keys.removeThoseOf(user.username)
      return find(user.id)
    },
    remove: (idOrName) => {
      const user = find(idOrName)
      refuseLastOwner(user)
      keys.removeThoseOf(user.username)
      endSessions(database, user.id)
      for (const table of ["account", "passkey", "twoFactor"]) database.prepare(`DELETE FROM "${table}" WHERE userId = ?`).run(user.id)
      for (const table of ["role_grant", "disabled_user", "used_code"])
        database.prepare(`DELETE FROM ${table} WHERE user_id = ?`).run(user.id)
      database.prepare("DELETE FROM user WHERE id = ?").run(user.id)
      return user
    },
  }
}

function apply(database: DatabaseSync, user: User, change: UserChange): void {
  const { id } = user
  if (change.name !== undefined) database.prepare("UPDATE user SET name = ? WHERE id = ?").run(change.name, id)
  if (change.email !== undefined) {
    database.prepare("UPDATE user SET email = ? WHERE id = ?").run(change.email ?? `${user.username}@${NO_EMAIL}`, id)
  }
  if (change.grants !== undefined) putGrants(database, id, change.grants)
  if (change.disabled === true) database.prepare("INSERT OR IGNORE INTO disabled_user VALUES (?)").run(id)
  if (change.disabled === false) database.prepare("DELETE FROM disabled_user WHERE user_id = ?").run(id)
  if (change.resetSecondFactor === true) {
    database.prepare('DELETE FROM "twoFactor" WHERE userId = ?').run(id)
    database.prepare("DELETE FROM passkey WHERE userId = ?").run(id)
    database.prepare("UPDATE user SET twoFactorEnabled = 0 WHERE id = ?").run(id)
  }
}

/** At the server, at once: whatever cookie is left opens nothing any more. */
export function endSessions(database: DatabaseSync, userId: string, except: string | null = null): void {
  database.prepare("DELETE FROM session WHERE userId = ? AND id IS NOT ?").run(userId, except)
  database.prepare("DELETE FROM fresh_session WHERE session_id NOT IN (SELECT id FROM session)").run()
}

function userOf(database: DatabaseSync, one: z.infer<typeof row>): User {
  return {
    id: one.id,
    username: one.username,
    name: one.name,
    email: one.email.endsWith(`@${NO_EMAIL}`) ? null : one.email,
    grants: grantsOf(database, one.id).map((grant) => ({ ...grant })),
    twoFactor: one.twoFactorEnabled === 1,
    passkeys: one.passkeys,
    disabled: one.disabled > 0,
    createdAt: new Date(one.createdAt).toISOString(),
    sessions: one.sessions,
  }
}
