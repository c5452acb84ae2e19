import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { judgeBody } from "./gate-body.ts"

const answer = (body: unknown, status: number | null = 200) => ({ body: typeof body === "string" ? body : JSON.stringify(body), status })
const why = (...parameters: Parameters<typeof judgeBody>): string => {
  const { outcome, why: reason } = judgeBody(...parameters).check
  return `${outcome}: ${reason}`
}

describe("the body decides", () => {
  it.each([
    [{ status: "ok" }, "passed: status is ok"],
    [{ status: "healthy" }, "passed: status is healthy"],
    [{ status: "degraded" }, "failed: status is degraded, expected ok or healthy"],
    [{ status: null }, "failed: status is missing, expected ok or healthy"],
    [{ status: ["ok"] }, "failed: status is missing, expected ok or healthy"],
    [{}, "failed: status is missing, expected ok or healthy"],
    ["ok", "failed: the answer is not a JSON object"],
    ["[1]", "failed: the answer is not a JSON object"],
    ["", "failed: the answer is not a JSON object"],
  ])("%j", (body, expected) => {
    expect(why(answer(body), { status: ["ok", "healthy"] }, null)).toBe(expected)
  })

  it("every member that is expected must be as expected; numbers and booleans are compared as they are written", () => {
    const expected = { db: ["true"], workers: ["3"] }
    expect(why(answer({ db: true, workers: 3 }), expected, null)).toBe("passed: db is true, workers is 3")
    expect(why(answer({ db: true, workers: 2 }), expected, null)).toBe("failed: workers is 2, expected 3")
  })

  it("a member may be nested; a key with a dot in its own name wins", () => {
    expect(why(answer({ a: { b: "ok" } }), { "a.b": ["ok"] }, null)).toBe("passed: a.b is ok")
    expect(why(answer({ a: { b: "ok" }, "a.b": "bad" }), { "a.b": ["ok"] }, null)).toBe("failed: a.b is bad, expected ok")
    expect(why(answer({ a: "ok" }), { "a.b": ["ok"] }, null)).toBe("failed: a.b is missing, expected ok")
  })

  it("what every object has by birth is not an answer", () => {
    expect(why(answer({ a: {} }), { "a.constructor.name": ["Object"] }, null)).toMatch(/^failed: a.constructor.name is missing/)
    expect(why(answer({}), { "constructor.name": ["Object"] }, null)).toMatch(/^failed/)
    expect(judgeBody(answer({}), {}, "constructor.name").version).toBeNull()
  })

  it("a status of 400 or more is never well, 399 and none at all (a command) are left to the body", () => {
    const expected = { status: ["ok"] }
    expect(why(answer({ status: "ok" }, 400), expected, null)).toBe("failed: answered with status 400")
    expect(why(answer({ status: "ok" }, 503), {}, null)).toBe("failed: answered with status 503")
    expect(why(answer({ status: "ok" }, 399), expected, null)).toBe("passed: status is ok")
    expect(why(answer({ status: "ok" }, null), expected, null)).toBe("passed: status is ok")
  })

  it("where nothing is expected, any answer will do, and no answer will not", () => {
    expect(why(answer("plain text"), {}, null)).toBe("passed: it answers")
    expect(judgeBody({ problem: "connection refused" }, {}, "version")).toEqual({
      check: { name: "health", outcome: "failed", why: "connection refused" },
      version: null,
    })
  })
})

describe("the version", () => {
  it("is what the body says under its key, well or not", () => {
    const body = { status: "bad", app: { version: "1.2.3" }, build: 7 }
    expect(judgeBody(answer(body), { status: ["ok"] }, "app.version").version).toBe("1.2.3")
    expect(judgeBody(answer(body, 500), {}, "build").version).toBe("7")
    expect(judgeBody(answer(body), {}, "build").version).toBe("7")
    expect(judgeBody(answer({ status: "ok", build: 8 }), { status: ["ok"] }, "build")).toEqual({
      check: { name: "health", outcome: "passed", why: "status is ok" },
      version: "8",
    })
  })

  it("is unknown without a key, without the member, or without JSON", () => {
    expect(judgeBody(answer({ version: "1" }), {}, null).version).toBeNull()
    expect(judgeBody(answer({}), {}, "version").version).toBeNull()
    expect(judgeBody(answer("no json"), {}, "version").version).toBeNull()
  })
})

it("no body whatever makes it throw, and only an allowed value passes", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (body) => {
      const { check } = judgeBody({ body, status: 200 }, { status: ["ok"] }, "version")
      expect(["passed", "failed"]).toContain(check.outcome)
      if (check.outcome === "passed") expect(check.why).toBe("status is ok")
    }),
  )
})
