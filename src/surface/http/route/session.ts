import { HoldfastError } from "../../../base/errors.ts"
import { confirmBody, confirmed, me, setupBody, setupState, type Me } from "../../../contract/api/session.ts"
import { done } from "../../../contract/api/shapes.ts"
import type { User } from "../../../contract/api/accounts.ts"
import type { Accounts } from "../account/account.ts"
import { may, type Who } from "../guard/who.ts"
import { none, route, type Call, type Route } from "./route.ts"

export const sessionRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/me",
    summary: "Who asks, and what may be done.",
    query: none,
    body: none,
    answer: me,
    handle: async ({ ground, who }) => {
      const settings = await ground.house.settings()
      const apps = Object.keys(settings.apps).filter((app) => may(who, "viewer", app))
      return { ...identityOf(ground.accounts, who), apps, version: ground.house.version, host: ground.house.hostName }
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/me/confirm",
    summary: "Shows the second factor again; for five minutes it counts as fresh.",
    query: none,
    body: confirmBody,
    answer: confirmed,
    audit: "confirm",
    handle: async (call) => ({ freshUntil: (await confirm(call)).toISOString() }),
  }),
  route({
    method: "GET",
    path: "/api/v1/setup",
    summary: "Whether the first account is still to be made.",
    query: none,
    body: none,
    answer: setupState,
    handle: async ({ ground }) => await Promise.resolve({ needed: ground.accounts.users.isEmpty() }),
  }),
  route({
    method: "POST",
    path: "/api/v1/setup",
    summary: "Makes the first account, an owner, with the token from the host.",
    query: none,
    body: setupBody,
    answer: done,
    status: 201,
    handle: async ({ ground, body, source }) => {
      const { accounts } = ground
      if (!accounts.users.isEmpty()) throw new HoldfastError("SETUP_CLOSED", { what: "the first account was made already" })
      await accounts.limits.admit(source, null)
      const { token, ...user } = body
      if (!accounts.firstRun.matches(token)) {
        accounts.limits.failed(source, null)
        await accounts.audit.add({ ...setupFact(source), outcome: "failed" })
        throw new HoldfastError("SIGN_IN_FAILED", {
          what: "this is not the token of this host",
          hint: "It is in the log of the service, and in `first-run-token` in the state directory.",
        })
      }
      accounts.firstRun.end()
      await accounts.users.add(user, [{ role: "owner", apps: null }])
      await accounts.audit.add({ ...setupFact(source), subject: user.username, outcome: "allowed" })
      return { done: true as const }
    },
  }),
]

const setupFact = (source: string) => ({ actor: "unknown", source, action: "setup", app: null, subject: null, details: null })

function identityOf(accounts: Accounts, who: Who): Omit<Me, "apps" | "version" | "host"> {
  const common = { kind: who.kind, id: who.id, grants: who.grants.map((one) => ({ ...one })) }
  if (who.kind === "api-key") {
    return { ...common, username: who.name, name: who.name, email: null, twoFactor: false, passkeys: 0, freshUntil: null, confirmBy: [] }
  }
  const user = accounts.users.find(who.id)
  const { username, name, email, twoFactor, passkeys } = user
  const freshUntil = who.sessionId === null ? null : accounts.fresh.until(who.sessionId)
  return { ...common, username, name, email, twoFactor, passkeys, freshUntil: freshUntil?.toISOString() ?? null, confirmBy: waysOf(user) }
}

function waysOf(user: User): Me["confirmBy"] {
  const strong = [...(user.passkeys > 0 ? ["passkey" as const] : []), ...(user.twoFactor ? ["totp" as const] : [])]
  return strong.length > 0 ? strong : ["password"]
}

/** Throws SIGN_IN_FAILED, TOO_MANY_ATTEMPTS. */
async function confirm({
  ground,
  who,
  body,
  headers,
  source,
}: Call<unknown, { code?: string | undefined; password?: string | undefined }>): Promise<Date> {
  const { accounts } = ground
  if (who.sessionId === null) throw new HoldfastError("REQUEST_INVALID", { what: "a key has no second factor to show" })
  await accounts.limits.admit(source, who.name)
  if (await isShown(accounts, who, headers, body)) {
    accounts.limits.succeeded(source, who.name)
    return accounts.fresh.mark(who.sessionId)
  }
  accounts.limits.failed(source, who.name)
  throw new HoldfastError("SIGN_IN_FAILED", { what: "this is not right" })
}

async function isShown(
  accounts: Accounts,
  who: Who,
  headers: Headers,
  shown: { code?: string | undefined; password?: string | undefined },
): Promise<boolean> {
  const user = accounts.users.find(who.id)
  if (shown.code !== undefined && user.twoFactor) {
    return (await accounts.signIn.isCode(headers, shown.code)) && accounts.fresh.useCode(who.id, shown.code)
  }
  // Where there is a second factor, the password is not one.
  const passwordCounts = !user.twoFactor && user.passkeys === 0
  return passwordCounts && shown.password !== undefined && (await accounts.signIn.isPassword(headers, shown.password))
}
