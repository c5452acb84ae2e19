import { z } from "zod"
import type { HealthCheck } from "./app.ts"

const bodySchema = z.record(z.string(), z.unknown())

export interface JudgedBody {
  readonly check: { readonly name: "health"; readonly outcome: "passed" | "failed"; readonly why: string }
  readonly version: string | null
}

/** The body decides, not the status: Chatalot answers 200 when it is degraded. A status of 400 or more is never well. */
export function judgeBody(
  answer: { body: string; status: number | null } | { problem: string },
  expect: HealthCheck["expect"],
  versionKey: string | null,
): JudgedBody {
  if ("problem" in answer) return failed(answer.problem, null)
  const body = parseBody(answer.body)
  const version = versionKey === null || body === null ? null : textOf(member(body, versionKey))
  if (answer.status !== null && answer.status >= 400) return failed(`answered with status ${answer.status}`, version)
  const keys = Object.keys(expect)
  if (keys.length === 0) return { check: { name: "health", outcome: "passed", why: "it answers" }, version }
  if (body === null) return failed("the answer is not a JSON object", version)
  for (const [key, allowed] of Object.entries(expect)) {
    const got = textOf(member(body, key))
    if (got === null || !allowed.includes(got)) return failed(`${key} is ${got ?? "missing"}, expected ${allowed.join(" or ")}`, version)
  }
  return {
    check: { name: "health", outcome: "passed", why: keys.map((key) => `${key} is ${textOf(member(body, key)) ?? ""}`).join(", ") },
    version,
  }
}

function failed(why: string, version: string | null): JudgedBody {
  return { check: { name: "health", outcome: "failed", why }, version }
}

function parseBody(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed = bodySchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** `a.b` reaches into nested objects; a key with a dot in its own name wins. */
function member(body: Readonly<Record<string, unknown>>, key: string): unknown {
  if (Object.hasOwn(body, key)) return body[key]
  return key.split(".").reduce<unknown>((value, part) => {
    const inner = bodySchema.safeParse(value)
    return inner.success && Object.hasOwn(inner.data, part) ? inner.data[part] : undefined
  }, body)
}

function textOf(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : null
}
