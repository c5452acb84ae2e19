import { z } from "zod"
import type { Json } from "../../base/canonical-json.ts"
import { apiError } from "../../contract/api/shapes.ts"
import { OWN_HEADER } from "./guard/forgery.ts"
import { roleMatrix, type Line } from "./role-matrix.ts"
import { none, type Route } from "./route/route.ts"
import { keyOf } from "./route/key.ts"

export interface ApiDescription {
  readonly openapi: "3.1.0"
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationDescription>>>>
  readonly components: Json
}

export interface OperationDescription {
  readonly summary: string
  /** Who may. */
  readonly description: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: "path" | "query" | "header"
    readonly required: boolean
    readonly schema: Json
  }[]
  readonly requestBody?: Json
  readonly responses: Json
}

/** OpenAPI 3.1 of the same schemas that requests and answers are parsed with. */
export function describeApi(routes: readonly Route[], version: string): ApiDescription {
  const paths: Record<string, Record<string, OperationDescription>> = {}
  for (const one of routes) {
    const line = roleMatrix[keyOf(one)]
    if (line !== undefined) paths[one.path] = { ...paths[one.path], [one.method.toLowerCase()]: describe(one, line) }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version,
      description: `Sign in and keep the cookie, or send an API key as \`Authorization: Bearer …\`. With a cookie, whatever changes something needs the header \`${OWN_HEADER}: 1\`.`,
    },
    paths,
    components: {
      schemas: { Error: schemaOf(apiError, "output") },
      securitySchemes: {
        key: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "holdfast.session_token" },
      },
    },
  }
}

function describe(one: Route, line: Line): OperationDescription {
  const answer =
    one.answer === null ? { "application/octet-stream": {} } : { "application/json": { schema: schemaOf(one.answer, "output") } }
  const body =
    one.body === none || one.method === "GET"
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(one.body, "input") } } } }
  return {
    summary: one.summary,
    description: whoMay(line),
    parameters: [...pathParameters(one.path), ...queryParameters(one)],
    ...body,
    responses: {
      [String(one.status)]: { description: "As asked.", content: answer },
      default: { description: "The error document.", content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
    },
  }
}

/** A line of the role matrix in words. */
export function whoMay(line: Line): string {
  const fresh = "fresh" in line ? " Needs a second factor shown within five minutes." : ""
  if (line.who === "anyone") return "Anyone."
  if (line.who === "signed-app") return "The app itself: the request is signed with its token (docs/manual/updates-from-your-app.md)."
  if (line.who === "signed-in") return `Whoever is signed in.${fresh}`
  const where = {
    app: "for the app",
    operation: "for the operation's app",
    some: "for any app; the answer holds what may be seen",
    all: "for all apps",
  }[line.of]
  return `Role ${line.who} ${where}.${fresh}`
}

function pathParameters(path: string): OperationDescription["parameters"] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((found) => ({
    name: found[1] ?? "",
    in: "path" as const,
    required: true,
    schema: { type: "string" },
  }))
}

const objectSchema = z.object({ properties: z.record(z.string(), z.json()).default({}), required: z.array(z.string()).default([]) })

function queryParameters(one: Route): OperationDescription["parameters"] {
  if (one.query === none) return []
  const { properties, required } = objectSchema.parse(schemaOf(one.query, "input"))
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query" as const, required: required.includes(name), schema }))
}

const json: z.ZodType<Json> = z.json()

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  return json.parse(z.toJSONSchema(schema, { io, unrepresentable: "any", target: "draft-2020-12" }))
}
