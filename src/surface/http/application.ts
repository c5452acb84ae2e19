import { Hono, type Context } from "hono"
import { bodyLimit } from "hono/body-limit"
import type { Json } from "../../base/canonical-json.ts"
import { HoldfastError } from "../../base/errors.ts"
import { ROLES } from "../../contract/api/roles.ts"
import { arrivalOf } from "./guard/source.ts"
import { refuseForeignHost, refuseForgery } from "./guard/forgery.ts"
import { securityHeaders } from "./guard/headers.ts"
import { demand, demandFresh, may, whoAsks, type Who } from "./guard/who.ts"
import { errorAnswer } from "./error-answer.ts"
import type { Ground } from "./ground.ts"
import { roleMatrix, type Line } from "./role-matrix.ts"
import { keyOf } from "./route/key.ts"
import { admitSigned, SIGNED_PATHS } from "./updater/admit-signed.ts"
import type { RawCall, Route } from "./route/route.ts"
import type { Place } from "./guard/address.ts"

/** What the socket and the settings say of each request. */
export interface Doors {
  readonly place: Place
  readonly hosts: ReadonlySet<string>
  readonly origins: readonly string[]
  readonly secure: boolean
}

interface Bindings {
  readonly incoming: { readonly socket: { readonly remoteAddress?: string | undefined } }
}
interface Variables {
  source: string
}
export type Application = Hono<{ Bindings: Bindings; Variables: Variables }>
type Arrived = Context<{ Bindings: Bindings; Variables: Variables }>

const PANEL = "/*"
const BODY_LIMIT_BYTES = 1024 * 1024
/** Asked by machines that know no name of ours, and answering nothing to a stranger. */
const NAMELESS = new Set(["/healthz", "/metrics"])

/** Everything that is served. Throws for a route without a line in the role matrix. */
export function createApplication(ground: Ground, routes: readonly Route[], doors: Doors): Application {
  const app: Application = new Hono()
  const headers = securityHeaders(doors.secure)
  app.onError((thrown) => {
    const told = errorAnswer(thrown, ground.house.log)
    for (const [name, value] of Object.entries(headers)) told.headers.set(name, value)
    told.headers.set("cache-control", "no-store")
    return told
  })
  app.use(async (c, next) => {
    const arrival = arrivalOf(c.env.incoming.socket.remoteAddress ?? "", c.req.raw.headers, doors.place.trusted)
    c.set("source", arrival.source)
    // What is signed is no browser's: it reaches us by whatever name its network has for this machine.
    if (!c.req.path.startsWith(SIGNED_PATHS)) {
      if (!NAMELESS.has(c.req.path)) refuseForeignHost(arrival.host, doors.hosts)
      refuseForgery(c.req.method, c.req.raw.headers, doors.origins)
    }
    await next()
    // A page or a file may say something stricter, or its nonce.
    for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store")
  })
  app.use(
    bodyLimit({
      maxSize: BODY_LIMIT_BYTES,
      onError: () => {
        throw new HoldfastError("REQUEST_INVALID", { what: "the body is too long" })
      },
    }),
  )
  const served = routes.toSorted((left, right) => Number(left.path === PANEL) - Number(right.path === PANEL))
  for (const one of served) {
    if (one.path === PANEL) refuseUnknown(app)
    const line = roleMatrix[keyOf(one)]
    if (line === undefined) throw new Error(`${keyOf(one)} has no line in the role matrix`)
    app.on(one.method, one.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => await answer(ground, one, line, c))
  }
  return app
}

/** Before the panel, which answers whatever is left. */
function refuseUnknown(app: Application): void {
  app.all("/api/*", (c) => {
    throw new HoldfastError("ROUTE_UNKNOWN", { what: `there is no ${c.req.method} ${c.req.path}` })
  })
}

async function answer(ground: Ground, one: Route, line: Line, c: Arrived): Promise<Response> {
  const who = line.who === "signed-app" ? await signer(ground, c) : await whoAsks(ground.accounts, c.req.raw.headers)
  const said: Said = { subject: null, details: null }
  try {
    await admit(ground, line, who, c)
    const response = await one.run(await callOf(ground, who, c, said))
    if (one.audit !== null) await write(ground, one.audit, "allowed", who, c, said)
    return response
  } catch (thrown) {
    if (isRefusal(thrown) && who !== null) await write(ground, one.audit ?? keyOf(one), "refused", who, c, said)
    else if (one.audit !== null && who !== null)
      await write(ground, one.audit, "failed", who, c, { ...said, details: { code: codeOf(thrown) } })
    throw thrown
  }
}

/** Whoever has a session or a key is nobody here: the signature alone counts. */
async function signer(ground: Ground, c: Arrived): Promise<Who> {
  const { pathname, search } = new URL(c.req.url)
  const body = new Uint8Array(await c.req.arrayBuffer())
  const request = { method: c.req.method, target: `${pathname}${search}`, body, headers: c.req.raw.headers }
  return await admitSigned(ground, c.req.param("app") ?? "", c.get("source"), request)
}

interface Said {
  subject: string | null
  details: Json
}

async function write(
  ground: Ground,
  action: string,
  outcome: "allowed" | "refused" | "failed",
  who: Who | null,
  c: Arrived,
  said: Said,
): Promise<void> {
  const { subject, details } = said
  const app = c.req.param("app") ?? null
  await ground.accounts.audit.add({ actor: who?.name ?? "unknown", source: c.get("source"), action, app, subject, outcome, details })
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && (thrown.code === "ROLE_MISSING" || thrown.code === "SECOND_FACTOR_NEEDED")
}

function codeOf(thrown: unknown): string {
  return thrown instanceof HoldfastError ? thrown.code : "BUG"
}

async function admit(ground: Ground, line: Line, who: Who | null, c: Arrived): Promise<void> {
  if (line.who === "anyone" || line.who === "signed-app") return
  if (who === null) throw new HoldfastError("SIGN_IN_NEEDED", { what: "nobody is signed in" })
  if (line.who !== "signed-in") await demandLine(ground, line, who, c)
  if (line.fresh === true) demandFresh(ground.accounts, who)
}

async function demandLine(
  ground: Ground,
  line: Exclude<Line, { who: "anyone" | "signed-in" | "signed-app" }>,
  who: Who,
  c: Arrived,
): Promise<void> {
  if (line.of === "all") return demand(who, line.who, null)
  if (line.of === "app") return demand(who, line.who, c.req.param("app") ?? null)
  if (line.of === "operation") return demand(who, line.who, await appOfOperation(ground, c.req.param("operation") ?? ""))
  const somewhere = who.grants.some(
    (one) => ROLES.includes(one.role) && (one.apps === null || one.apps.some((app) => may(who, line.who, app))),
  )
  if (!somewhere) demand(who, line.who, null)
}

/** Whose operation it is. One that is not known is nobody's: whoever may not see all is told the same as of one he may not see. */
async function appOfOperation(ground: Ground, id: string): Promise<string | null> {
  const store = await ground.house.use.store()
  return (await store.operation(id))?.app ?? null
}

async function callOf(ground: Ground, who: Who | null, c: Arrived, said: Said): Promise<RawCall> {
  return {
    ground,
    who: who ?? NOBODY,
    query: c.req.query(),
    body: await bodyOf(c),
    headers: c.req.raw.headers,
    source: c.get("source"),
    signal: c.req.raw.signal,
    param: (name) => c.req.param(name) ?? "",
    note: (subject, details) => {
      said.subject = subject
      said.details = details ?? null
    },
    path: c.req.path,
    search: new URL(c.req.url).search,
  }
}

const NOBODY: Who = { kind: "user", id: "", name: "unknown", grants: [], sessionId: null, unattended: false }

async function bodyOf(c: Arrived): Promise<unknown> {
  if (c.req.method === "GET" || c.req.method === "HEAD") return {}
  const text = await c.req.text()
  if (text === "") return {}
  // A form or `text/plain` can be sent from anywhere without asking; JSON cannot.
  if (!/^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? ""))
    throw new HoldfastError("REQUEST_INVALID", { what: "the body is not application/json" })
  try {
    return JSON.parse(text)
  } catch {
    throw new HoldfastError("REQUEST_INVALID", { what: "the body is not JSON" })
  }
}
