import { isIP } from "node:net"
import type { DatabaseSync } from "node:sqlite"
import { passkey } from "@better-auth/passkey"
import { NodeSqliteDialect } from "@better-auth/kysely-adapter/node-sqlite-dialect"
import { betterAuth } from "better-auth"
import { getMigrations } from "better-auth/db/migration"
import { twoFactor, username } from "better-auth/plugins"
import { z } from "zod"

/** Where people reach the panel: cookies and passkeys are bound to it. */
export interface PanelAddress {
  /** `https://holdfast.example.com`, without path. */
  readonly origin: string
  /** Further origins that are the same panel: `http://localhost:8420`. */
  readonly otherOrigins: readonly string[]
}

export interface OpenSession {
  readonly id: string
  readonly userId: string
}

export interface NewUser {
  readonly username: string
  readonly name: string
  readonly email: string | null
  readonly password: string
}

/** Signing in, second factors and passkeys: better-auth behind the few calls that we make. */
export interface SignIn {
  /** Its own routes below `/api/auth`. */
  handle(request: Request): Promise<Response>
  session(headers: Headers): Promise<OpenSession | null>
  /** Whether this is the present code of the session's second factor. */
  isCode(headers: Headers, code: string): Promise<boolean>
  isPassword(headers: Headers, password: string): Promise<boolean>
  /** Returns the new user's id. */
  create(user: NewUser): Promise<string>
  setPassword(userId: string, password: string): Promise<void>
}

const SESSION_SECONDS = 7 * 24 * 3600
export const PASSWORD_LENGTH = { least: 12, most: 256 } as const

/** Nobody can be written to there; better-auth wants an address of everybody. */
export const NO_EMAIL = "holdfast.invalid"

const sessionAnswer = z.object({ session: z.object({ id: z.string(), userId: z.string() }) }).nullable()

/** Brings its tables up to date, then opens it. */
export async function openSignIn(database: DatabaseSync, secret: string, address: PanelAddress): Promise<SignIn> {
  const options = optionsOf(database, secret, address)
  await (await getMigrations(options)).runMigrations()
  const auth = betterAuth(options)
  const context = await auth.$context
  return {
    handle: async (request) => await auth.handler(request),
    session: async (headers) =>
      sessionAnswer.parse(await auth.api.getSession({ headers, query: { disableRefresh: true } }))?.session ?? null,
    isCode: async (headers, code) => await succeeds(async () => await auth.api.verifyTOTP({ headers, body: { code } })),
    isPassword: async (headers, password) => await succeeds(async () => await auth.api.verifyPassword({ headers, body: { password } })),
    create: async ({ username: login, name, email, password }) => {
      const hash = await context.password.hash(password)
      const user = await context.internalAdapter.createUser(
        { username: login, displayUsername: login, name, email: email ?? `${login}@${NO_EMAIL}`, emailVerified: true },
        { method: "admin" },
      )
      await context.internalAdapter.linkAccount({ userId: user.id, providerId: "credential", accountId: user.id, password: hash })
      return user.id
    },
    setPassword: async (userId, password) => await context.internalAdapter.updatePassword(userId, await context.password.hash(password)),
  }
}

async function succeeds(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return true
  } catch {
    return false
  }
}

/** Browsers bind a passkey to a name and never to an address of numbers; on this machine that is `localhost`. */
export function passkeyName({ origin, otherOrigins }: PanelAddress): string {
  const names = [origin, ...otherOrigins].map((one) => new URL(one).hostname)
  return names.find((name) => isIP(name) === 0 && !name.startsWith("[")) ?? new URL(origin).hostname
}

function optionsOf(database: DatabaseSync, secret: string, address: PanelAddress) {
  const { origin, otherOrigins } = address
  return {
    appName: "Holdfast",
    baseURL: origin,
    basePath: "/api/auth",
    secret,
    // Without transactions: our own tables are written over the same connection, and must not be rolled back with a request of theirs.
    database: { dialect: new NodeSqliteDialect({ database }), type: "sqlite" as const, transaction: false },
    trustedOrigins: [origin, ...otherOrigins],
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH.least,
      maxPasswordLength: PASSWORD_LENGTH.most,
    },
    // A session ends at the server at once, so nothing of it is believed from a cookie.
    session: { expiresIn: SESSION_SECONDS, disableSessionRefresh: true, cookieCache: { enabled: false } },
    plugins: [
      username({ minUsernameLength: 2, maxUsernameLength: 40, usernameValidator: (name) => /^[a-z0-9][a-z0-9._-]{1,39}$/i.test(name) }),
      // Failures are limited by where they come from (see limits.ts); a lock of the account would let a stranger lock its owner out.
      twoFactor({ issuer: "Holdfast", accountLockout: { enabled: false } }),
      passkey({ rpID: passkeyName(address), rpName: "Holdfast", origin: [origin, ...otherOrigins] }),
    ],
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: "holdfast",
      useSecureCookies: origin.startsWith("https:"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "strict" as const, path: "/" },
      ipAddress: { disableIpTracking: true },
    },
    telemetry: { enabled: false },
    // What it refuses is in its answer, and in our audit log.
    logger: { disabled: true },
  }
}
