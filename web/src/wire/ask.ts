import type { z } from "zod"
import { offline, Problem, problemInAnswer } from "./problem.ts"

export interface Asking {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Sent as JSON. */
  readonly body?: unknown
  /** Digest of the settings file that was read; null where there is none yet. */
  readonly ifMatch?: string | null
  readonly signal?: AbortSignal
}

const API = "/api/v1"

/** Asks the service and parses what it says. Throws `Problem` when it refuses, does not answer, or says something else. */
export async function ask<Schema extends z.ZodType>(schema: Schema, path: string, asking: Asking = {}): Promise<z.output<Schema>> {
  return parsed(schema, await jsonOf(await send(`${API}${path}`, asking)))
}

/** The routes for signing in, which are below `/api/auth`. */
export async function askAuth<Schema extends z.ZodType>(schema: Schema, path: string, asking: Asking = {}): Promise<z.output<Schema>> {
  return parsed(schema, await jsonOf(await send(`/api/auth${path}`, asking)))
}

/** An answer that is a file; hands over its bytes and the name it is offered under. */
export async function askFile(path: string, asking: Asking): Promise<{ readonly content: Blob; readonly fileName: string }> {
  const answer = await send(`${API}${path}`, asking)
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")
  return { content: await answer.blob(), fileName: named?.[1] ?? "holdfast" }
}

async function send(address: string, { method = "GET", body, ifMatch, signal }: Asking): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", "x-holdfast": "1" }
  if (body !== undefined) headers["content-type"] = "application/json"
  if (ifMatch !== undefined && ifMatch !== null) headers["if-match"] = `"${ifMatch}"`
  const answer = await fetch(address, {
    method,
    headers,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error
    throw offline(error instanceof Error ? error.message : String(error))
  })
  if (!answer.ok) throw problemInAnswer(answer.status, await jsonOf(answer).catch(() => null))
  return answer
}

async function jsonOf(answer: Response): Promise<unknown> {
  const text = await answer.text()
  if (text === "") return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw unreadable(answer.status, "it is not JSON")
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, document: unknown): z.output<Schema> {
  const result = schema.safeParse(document)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw unreadable(200, issue === undefined ? "it has another form" : `${issue.path.map(String).join(".")}: ${issue.message}`)
}

function unreadable(status: number, why: string): Problem {
  return new Problem({
    code: "UNREADABLE",
    what: "the service said something that this page does not understand",
    why,
    hint: "Reload the page: the service may have been updated meanwhile.",
    status,
    document: null,
  })
}
