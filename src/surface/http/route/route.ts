/** A route as data: its schemas, its name in the audit log, and what it does; the guards, the description and the matrix test all read it. */
import { z } from "zod"
import type { Json } from "../../../base/canonical-json.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { Who } from "../guard/who.ts"
import type { Ground } from "../ground.ts"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** One request that was let through. */
export interface Call<Query, Body> {
  readonly ground: Ground
  readonly who: Who
  readonly query: Query
  readonly body: Body
  readonly headers: Headers
  /** Where it comes from. */
  readonly source: string
  readonly path: string
  /** The query as it came, with its `?`. */
  readonly search: string
  /** Aborted when the other end goes away. */
  readonly signal: AbortSignal
  /** A part of the path by its name. */
  param(name: string): string
  /** What the audit log says of it beside who and what: never secrets. */
  note(subject: string | null, details?: Json): void
}

/** What arrives, before it is parsed. */
export interface RawCall extends Omit<Call<unknown, unknown>, "query" | "body"> {
  readonly query: unknown
  readonly body: unknown
}

interface RouteParts<Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType> {
  readonly method: Method
  /** Below `/api/v1`, with `{name}` for what varies. */
  readonly path: string
  readonly summary: string
  readonly query: Query
  readonly body: Body
  readonly answer: Answer
  readonly status?: 200 | 201 | 202
  /** Name in the audit log; every route that changes something has one. */
  readonly audit?: string
  handle(call: Call<z.output<Query>, z.output<Body>>): Promise<z.input<Answer>>
}

/** A route as data: the application, the description and the matrix test all read it. */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly query: z.ZodType
  readonly body: z.ZodType
  /** Null: a file or a stream of events. */
  readonly answer: z.ZodType | null
  readonly status: number
  readonly audit: string | null
  run(call: RawCall): Promise<Response>
}

/** For a route that takes no query, or no body. */
export const none = z.unknown()

/** A route that answers with a document. What its schema does not name never leaves. */
export function route<Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(
  parts: RouteParts<Query, Body, Answer>,
): Route {
  const { method, path, summary, query, body, answer, audit, handle } = parts
  const status = parts.status ?? 200
  return {
    method,
    path,
    summary,
    query,
    body,
    answer,
    status,
    audit: audit ?? null,
    run: async (call) => {
      const parsed = { ...call, query: parse(query, call.query, "query"), body: parse(body, call.body, "body") }
      return Response.json(answer.parse(await handle(parsed)), { status })
    },
  }
}

/** A route that answers with a file or a stream. */
export function streamRoute<Query extends z.ZodType, Body extends z.ZodType>(
  parts: Omit<RouteParts<Query, Body, z.ZodType>, "answer" | "status" | "handle"> & {
    handle(call: Call<z.output<Query>, z.output<Body>>): Promise<Response>
  },
): Route {
  const { method, path, summary, query, body, audit, handle } = parts
  return {
    method,
    path,
    summary,
    query,
    body,
    answer: null,
    status: 200,
    audit: audit ?? null,
    run: async (call) => await handle({ ...call, query: parse(query, call.query, "query"), body: parse(body, call.body, "body") }),
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new HoldfastError("REQUEST_INVALID", {
    what: `the ${where} is not as it should be`,
    why: parsed.error.issues.map((issue) => `${issue.path.map(String).join(".") || where}: ${issue.message}`).join("; "),
  })
}
