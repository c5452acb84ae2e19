import type { DatabaseSync } from "node:sqlite"
import { z } from "zod"
import { grant, role, type Grant } from "../../../contract/api/roles.ts"

const row = z.object({ role, apps: z.string().nullable() })
const apps = z.array(z.string()).nullable()

/** What a user is granted. */
export function grantsOf(database: DatabaseSync, userId: string): readonly Grant[] {
  const rows = z.array(row).parse(database.prepare("SELECT role, apps FROM role_grant WHERE user_id = ? ORDER BY position").all(userId))
  return rows.map((one) => ({ role: one.role, apps: apps.parse(one.apps === null ? null : JSON.parse(one.apps)) }))
}

/** Replaces what a user is granted. */
export function putGrants(database: DatabaseSync, userId: string, grants: readonly Grant[]): void {
  database.prepare("DELETE FROM role_grant WHERE user_id = ?").run(userId)
  const insert = database.prepare("INSERT INTO role_grant (user_id, position, role, apps) VALUES (?, ?, ?, ?)")
  normalGrants(grants).forEach((one, index) => insert.run(userId, index, one.role, one.apps === null ? null : JSON.stringify(one.apps)))
}

/** An owner is one for everything. */
export function normalGrants(grants: readonly Grant[]): readonly Grant[] {
  return grants.map((one) => (one.role === "owner" ? { role: one.role, apps: null } : one))
}

export const grantList = z.array(grant)

export function isOwner(grants: readonly Grant[]): boolean {
  return grants.some((one) => one.role === "owner")
}

/** Whether somebody with `after` may do less than with `before`. */
export function isLess(before: readonly Grant[], after: readonly Grant[]): boolean {
  return before.some((one) => !after.some((other) => covers(other, one)))
}

function covers(other: Grant, one: Grant): boolean {
  if (other.role === "owner") return true
  if (other.role !== one.role) return false
  if (other.apps === null) return true
  return one.apps !== null && one.apps.every((app) => other.apps?.includes(app))
}
