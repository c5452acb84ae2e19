import { z } from "zod"
import { HoldfastError } from "../../../base/errors.ts"
import type { Ground } from "../ground.ts"
import { none, streamRoute, type Call, type Method, type Route } from "./route.ts"

type Step =
  /** Tries a secret: failures are counted by source. */
  | "tries"
  /** Of a session that is there. */
  | "session"
  /** Only asks. */
  | "asks"

const table: readonly (readonly [Method, string, Step, string])[] = [
  ["POST", "sign-in/username", "tries", "Signs in with name and password; `twoFactorRedirect` tells that the second factor is asked next."],
  ["POST", "two-factor/verify-totp", "tries", "Shows a code of the second factor."],
  ["POST", "two-factor/verify-backup-code", "tries", "Shows a backup code, which then is used up."],
  ["POST", "passkey/verify-authentication", "tries", "Signs in with a passkey."],
  ["GET", "passkey/generate-authenticate-options", "asks", "Begins signing in with a passkey."],
  ["POST", "sign-out", "session", "Ends this session."],
  ["POST", "change-password", "session", "Changes the password; every other session ends."],
  ["POST", "two-factor/enable", "session", "Begins setting up the second factor."],
  ["POST", "two-factor/disable", "session", "Takes the second factor away."],
  ["POST", "two-factor/generate-backup-codes", "session", "Makes new backup codes."],
  ["GET", "passkey/generate-register-options", "session", "Begins adding a passkey."],
  ["POST", "passkey/verify-registration", "session", "Adds a passkey."],
  ["GET", "passkey/list-user-passkeys", "session", "Passkeys of this account."],
  ["POST", "passkey/delete-passkey", "session", "Removes a passkey."],
  ["POST", "passkey/update-passkey", "session", "Renames a passkey."],
]

/** Routes of better-auth that are let through: each by name, so that a new version of it opens nothing. */
export const authRoutes: readonly Route[] = table.map(([method, path, step, summary]) =>
  streamRoute({
    method,
    path: `/api/auth/${path}`,
    summary,
    query: none,
    body: z.record(z.string(), z.unknown()),
    handle: async (call) => await pass(call, method, path, step),
  }),
)

type AuthCall = Call<unknown, Record<string, unknown>>

async function pass(call: AuthCall, method: Method, path: string, step: Step): Promise<Response> {
  const { ground, source, who } = call
  const { accounts } = ground
  const account = await accountOf(call)
  if (step === "tries") await accounts.limits.admit(source, account)
  const answer = await accounts.signIn.handle(requestFor(call, method))
  const text = await answer.text()
  if (!answer.ok) {
    if (step === "tries") await told(ground, call, path, account, false)
    throw refusalOf(answer.status, text)
  }
  const document = parse(text)
  if (step === "tries") await signedIn(call, path, account, document, answer)

  if (step === "session" && method === "POST") await audit(ground, call, path, who.name, "allowed")
  return withoutToken(document, answer)
}

/** Our guard has judged the origin already; better-auth sees the one that people use. */
function requestFor(call: AuthCall, method: Method): Request {
  const headers = new Headers(call.headers)
  for (const name of ["content-length", "transfer-encoding", "connection"]) headers.delete(name)
  headers.set("origin", headers.get("origin") ?? call.ground.origin)
  const init = method === "GET" ? { method, headers } : { method, headers, body: JSON.stringify(bodyOf(call)) }
  return new Request(new URL(`${call.path}${call.search}`, call.ground.origin), init)
}

/** A trusted device would skip the second factor for a month; a changed password ends whatever else is open. */
function bodyOf({ body }: AuthCall): Record<string, unknown> {
  const { trustDevice: _trust, callbackURL: _callback, ...rest } = body
  return "newPassword" in rest ? { ...rest, revokeOtherSessions: true } : rest
}

async function accountOf({ ground, body, who, headers }: AuthCall): Promise<string | null> {
  const { username } = body
  if (typeof username === "string") return username.slice(0, 100)
  if (who.id !== "") return who.name
  const session = headers.get("cookie") === null ? null : await ground.accounts.signIn.session(headers)
  return session === null ? null : ground.accounts.users.find(session.userId).username
}

const signedInAnswer = z.object({ user: z.object({ id: z.string() }) }).or(z.object({ session: z.object({ userId: z.string() }) }))

/** A secret was right. A code counts once; a disabled account opens nothing; with a session, the second factor is fresh. */
async function signedIn(call: AuthCall, path: string, account: string | null, document: unknown, answer: Response): Promise<void> {
  const { ground, body, source } = call
  const { accounts } = ground
  const parsed = signedInAnswer.safeParse(document)
  // The password was right and the second factor is asked next: nothing is open yet.
  if (!parsed.success) return
  const userId = "user" in parsed.data ? parsed.data.user.id : parsed.data.session.userId
  const user = accounts.users.find(userId)
  const session = await accounts.signIn.session(cookiesOf(answer, call.headers))
  const { code } = body
  const reused = path === "two-factor/verify-totp" && typeof code === "string" && !accounts.fresh.useCode(userId, code)
  if (user.disabled || reused) {
    if (session !== null && session.id !== call.who.sessionId) accounts.endSession(session.id)
    await told(ground, call, path, user.username, false)
    throw new HoldfastError("SIGN_IN_FAILED", { what: reused ? "this code was used already" : "this account may not sign in" })
  }
  accounts.limits.succeeded(source, account)
  if (session !== null) accounts.fresh.mark(session.id)
  await audit(ground, call, path, user.username, "allowed")
}

async function told(ground: Ground, call: AuthCall, path: string, account: string | null, _well: false): Promise<void> {
  ground.accounts.limits.failed(call.source, account)
  await audit(ground, call, path, account ?? "unknown", "failed")
}

async function audit(ground: Ground, call: AuthCall, path: string, actor: string, outcome: "allowed" | "failed"): Promise<void> {
  await ground.accounts.audit.add({ actor, source: call.source, action: path, app: null, subject: null, outcome, details: null })
}

/** What the browser will send next: its own cookies, with those of the answer over them. */
function cookiesOf(answer: Response, sent: Headers): Headers {
  const all = new Map<string, string>()
  for (const one of (sent.get("cookie") ?? "").split("; ")) put(all, one)
  for (const one of answer.headers.getSetCookie()) put(all, one.split(";")[0] ?? "")
  return new Headers({ cookie: [...all].map(([name, value]) => `${name}=${value}`).join("; ") })
}

function put(all: Map<string, string>, pair: string): void {
  const at = pair.indexOf("=")
  if (at > 0) all.set(pair.slice(0, at), pair.slice(at + 1))
}

/** The session's token is for the cookie alone, where no script can read it. */
function withoutToken(document: unknown, answer: Response): Response {
  const shown = typeof document === "object" && document !== null && !Array.isArray(document) ? without(document) : document
  const headers = new Headers({ "content-type": "application/json" })
  for (const cookie of answer.headers.getSetCookie()) headers.append("set-cookie", cookie)
  return new Response(JSON.stringify(shown ?? null), { status: answer.status, headers })
}

function without(document: object): object {
  const kept = Object.entries(document).filter(([name]) => name !== "token" && name !== "session")
  return Object.fromEntries(kept)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const refusal = z.object({ message: z.string().optional() })

function refusalOf(status: number, text: string): HoldfastError {
  const said = refusal.safeParse(parse(text))
  const what = said.success && said.data.message !== undefined ? lowered(said.data.message) : "this is not right"
  if (status === 400 || status === 401 || status === 403) return new HoldfastError("SIGN_IN_FAILED", { what })
  if (status === 429) return new HoldfastError("TOO_MANY_ATTEMPTS", { what })
  return new HoldfastError("REQUEST_INVALID", { what })
}

function lowered(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\.$/, "")
}
