import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"
import type { Permission, Policy } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"
import type { Labels } from "./scope.ts"
import type { SwitchName } from "./switches.ts"

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE"

/** One thing that the proxy lets through: method and path, and how the request is made anew from what was understood. */
export interface Route {
  /** For the log: `container create`. */
  readonly title: string
  readonly method: Method
  /** Of the whole path after the version; its one group is the name of what is asked for. */
  readonly path: RegExp
  /** Each of these has to be on. `POST` is asked of every route that changes something, by its method. */
  readonly switches: readonly SwitchName[]
  readonly permission?: Permission
  /** Parameters that are understood, and how their values look. */
  readonly query: Readonly<Record<string, RegExp>>
  readonly body: "none" | "json" | "archive"
  readonly plan: (call: Call, policy: Policy) => Plan
}

export interface Call {
  /** What the path names; empty where it names nothing. */
  readonly name: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Json | undefined
}

/** What has to be known of the engine's present state before it is decided. `path` is a path of the host. */
export interface Ask {
  readonly kind: "container" | "network" | "volume" | "exec" | "path" | "image"
  readonly name: string
}

/** What was found: the engine's own id and name, and its labels; of an exec those of its container. `id` of a path is where it leads. */
export interface Found {
  readonly id: string
  readonly name: string
  readonly labels: Labels
  /** Of an image alone: everything that it is called. */
  readonly names?: readonly string[]
}

export type Findings = ReadonlyMap<string, Found | null>

export interface Plan {
  readonly asks: readonly Ask[]
  /** The request as the proxy writes it. Throws a Refusal. */
  readonly forward: (found: Findings) => Forward
}

/** A request that the proxy wrote itself. */
export interface Forward {
  /** Without the version. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Json
  /** `json`: read whole, projected. `stream`: passed on as it comes. `attached`: both directions, after an upgrade. */
  readonly answer: "json" | "stream" | "attached"
  readonly project?: (answer: unknown, policy: Policy) => unknown
}

export function askKey({ kind, name }: Ask): string {
  return `${kind} ${name}`
}

/** What was found, as the engine would say it where there is nothing. Throws a Refusal. */
export function foundOf(ask: Ask, found: Findings): Found {
  const one = found.get(askKey(ask)) ?? null
  if (one === null) throw new Refusal(`No such ${ask.kind}: ${ask.name}`, 404)
  return one
}

/** The body as it was understood. Throws a Refusal that names the member which was not. */
export function readBody<T>(schema: z.ZodType<T>, body: Json | undefined): T {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  const [why = ""] = read.error.issues.map(({ path, message }) => {
    const at = path.length === 0 ? "" : ` at ${quoted(path.join("."))}`
    return `${at}: ${quoted(message)}`
  })
  throw new Refusal(`the body is not accepted${why}`)
}

/** What zod gave, as the JSON that is sent: members without a value are gone. */
export function asJson(value: unknown): Json {
  return z.json().parse(JSON.parse(JSON.stringify(value)))
}

export const PATTERN = {
  flag: /^(|0|1|true|false|True|False)$/,
  count: /^-?\d{1,10}$/,
  tail: /^(all|\d{1,9})$/,
  time: /^[\w.:+-]{0,40}$/,
  name: /^\/?[a-zA-Z0-9][\w.-]{0,254}$/,
  signal: /^[A-Z0-9+-]{1,16}$/,
  filters: /^\{.*\}$/s,
  text: /^[^\p{Cc}]{0,1024}$/u,
} as const
