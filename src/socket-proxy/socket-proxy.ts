/** What a caller may ask of the Docker engine: requests that are understood in full, written anew, and about the proxy's own projects alone. */
import { readStrictJson } from "../release/strict-json.ts"
import type { Json } from "../base/canonical-json.ts"
import { checkJsonType, readHeaders, type Head } from "./head.ts"
import { LIMITS, type Policy } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"
import { askKey, type Ask, type Findings, type Forward, type Plan, type Route } from "./route.ts"
import { assertSwitchedOn, routeOf } from "./route-table.ts"
import { readTarget, type Target } from "./target.ts"

export { LIMITS, PERMISSIONS, type BindSource, type Permission, type Policy } from "./policy.ts"
export { readSwitches } from "./switches.ts"
export type { Head } from "./head.ts"
export type { Ask, Findings, Forward, Found } from "./route.ts"
export { askKey }
export { foundIn } from "./found-in.ts"

export interface Refused {
  readonly ok: false
  readonly status: number
  readonly why: string
}

/** The first half of the decision: which route, and how much of a body may follow. */
export interface Opened {
  readonly ok: true
  readonly title: string
  readonly bodyBytes: number
  /** Whether the body is handed on as it comes: an archive. */
  readonly streamsBody: boolean
  /** Credentials for a registry, when they are sent along with a pull. */
  readonly registryAuth: string | null
  /** The second half: what has to be looked up. @param body all of it; empty for an archive */
  readonly understand: (body: Uint8Array) => Understood | Refused
}

export interface Understood {
  readonly ok: true
  readonly asks: readonly Ask[]
  /** The third part: the request to send, when what was found allows it. */
  readonly decide: (found: Findings) => Written | Refused
}

export interface Written {
  readonly ok: true
  readonly method: Route["method"]
  /** Version, path and query: all of them written by the proxy. */
  readonly target: string
  readonly body: Json | undefined
  readonly answer: Forward["answer"]
  readonly project: (answer: unknown) => unknown
}

/** Decides by the head of a request alone. */
export function openRequest(head: Head, policy: Policy): Opened | Refused {
  return orRefused(() => {
    const headers = readHeaders(head)
    const target = readTarget(head.target)
    const { route, name } = routeOf(head.method, target.path)
    assertSwitchedOn(route, policy)
    const query = readParameters(route, target)
    return {
      ok: true,
      title: route.title,
      bodyBytes: route.body === "archive" ? LIMITS.archiveBytes : LIMITS.bodyBytes,
      streamsBody: route.body === "archive",
      registryAuth: route.title === "image pull" ? authOf(headers) : null,
      understand: (bytes) =>
        orRefused(() => {
          const body = readJson(route, headers, bytes)
          return understood(route, target, route.plan({ name, query, body }, policy), policy)
        }),
    }
  })
}

function understood(route: Route, target: Target, plan: Plan, policy: Policy): Understood {
  return {
    ok: true,
    asks: plan.asks,
    decide: (found) =>
      orRefused(() => {
        const { path, query, body, answer, project } = plan.forward(found)
        return {
          ok: true,
          method: route.method,
          target: `${target.version}${path}${queryText(query ?? {})}`,
          body,
          answer,
          project: (value) => (project === undefined ? value : project(value, policy)),
        }
      }),
  }
}

function readParameters({ query }: Route, target: Target): Readonly<Record<string, string>> {
  for (const [name, value] of target.query) {
    if (!Object.hasOwn(query, name) || query[name]?.test(value) !== true) {
      throw new Refusal(`the parameter ${quoted(name)} is not taken here, or not with this value`, 400)
    }
  }
  return Object.fromEntries(target.query)
}

function readJson({ body, query }: Route, headers: ReadonlyMap<string, string>, bytes: Uint8Array): Json | undefined {
  if (body === "archive") return undefined
  if (body === "json") {
    checkJsonType(headers)
  } else if (bytes.byteLength === 0) return undefined
  const read = readStrictJson(bytes)
  if (!read.ok) throw new Refusal(`the body is not plain JSON: ${read.why}`, 400)
  if (body === "json") return read.value
  if (!repeatsParameters(read.value, query)) throw new Refusal("a body is not taken here", 400)
  return undefined
}

/** Some clients send their parameters a second time as a body, where the engine reads none; it is left out. */
function repeatsParameters(value: Json, query: Route["query"]): boolean {
  if (value === null) return true
  if (typeof value !== "object" || Array.isArray(value)) return false
  return Object.keys(value).every((name) => name === "abortSignal" || Object.hasOwn(query, name))
}

const REGISTRY_AUTH = /^[\w+/=-]{0,8192}$/

function authOf(headers: ReadonlyMap<string, string>): string | null {
  const value = headers.get("x-registry-auth") ?? null
  if (value !== null && !REGISTRY_AUTH.test(value)) throw new Refusal("the registry's credentials are not encoded as they should be", 400)
  return value
}

function queryText(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`
}

function orRefused<T>(decide: () => T): T | Refused {
  try {
    return decide()
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return { ok: false, status: thrown.status, why: thrown.message }
  }
}
