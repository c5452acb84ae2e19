import { HoldfastError } from "../../../base/errors.ts"
import { isGranted, type Grant, type Role } from "../../../contract/api/roles.ts"
import type { Accounts } from "../account/account.ts"

/** Who asks. */
export interface Who {
  readonly kind: "user" | "api-key"
  readonly id: string
  /** For the audit log and for whoever is refused meanwhile. */
  readonly name: string
  readonly grants: readonly Grant[]
  /** Null for an API key. */
  readonly sessionId: string | null
  /** A key that needs no second factor. */
  readonly unattended: boolean
}

/** From the API key or the session's cookie; null for nobody. Asked with each request, so that whatever was taken away is gone at once. */
export async function whoAsks(accounts: Accounts, headers: Headers): Promise<Who | null> {
  const key = /^Bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1]
  if (key !== undefined) {
    const found = accounts.keys.find(key)
    if (found === null) return null
    return { kind: "api-key", id: found.id, name: `key ${found.name}`, grants: found.grants, sessionId: null, unattended: found.unattended }
  }
  if (headers.get("cookie") === null) return null
  const session = await accounts.signIn.session(headers)
  if (session === null) return null
  const user = accounts.users.find(session.userId)
  if (user.disabled) return null
  return { kind: "user", id: user.id, name: user.username, grants: user.grants, sessionId: session.id, unattended: false }
}

/** Whether this role is granted for this app; null: for what belongs to all of them. */
export function may(who: Who, role: Role, app: string | null): boolean {
  return isGranted(who.grants, role, app)
}

/** Throws ROLE_MISSING. */
export function demand(who: Who, role: Role, app: string | null): void {
  if (may(who, role, app)) return
  throw new HoldfastError("ROLE_MISSING", {
    what: `${who.name} may not do this`,
    why: `it needs the role ${role}${app === null ? " for all apps" : ` for ${app}`}`,
  })
}

/** What cannot be taken back needs a second factor that was shown a moment ago. Throws SECOND_FACTOR_NEEDED, ROLE_MISSING for a key. */
export function demandFresh(accounts: Accounts, who: Who): void {
  if (who.kind === "api-key") {
    if (who.unattended) return
    throw new HoldfastError("ROLE_MISSING", {
      what: `${who.name} may not do this`,
      why: "it needs a second factor, which a key has not",
      hint: "Do it in the panel, or make a key that may act unattended.",
    })
  }
  if (who.sessionId !== null && accounts.fresh.until(who.sessionId) !== null) return
  throw new HoldfastError("SECOND_FACTOR_NEEDED", { what: "this has to be confirmed with your second factor" })
}
