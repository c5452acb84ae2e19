import { describe, expect, it } from "vitest"
import { judgeBody } from "./gate-body.ts"

const expectOk = { status: ["ok", "healthy"] }

describe("the health gate reads the body, not only the status", () => {
  it("does not take Chatalot's degraded answer with status 200 for well", () => {
    const judged = judgeBody(
      { status: 200, body: '{"status":"degraded","version":"0.24.6","db_healthy":false}' },
      { status: ["ok"], db_healthy: ["true"] },
      "version",
    )
    expect(judged).toEqual({ check: { name: "health", outcome: "failed", why: "status is degraded, expected ok" }, version: "0.24.6" })
  })

  it("takes both words of SuperChat, booleans as they are written, and nested members", () => {
    expect(judgeBody({ status: null, body: '{"status":"healthy"}' }, expectOk, null).check.outcome).toBe("passed")
    expect(judgeBody({ status: 200, body: '{"status":"ok","db_healthy":true}' }, { db_healthy: ["true"] }, null).check.outcome).toBe(
      "passed",
    )
    expect(judgeBody({ status: 200, body: '{"a":{"b":1}}' }, { "a.b": ["1"] }, null).check.outcome).toBe("passed")
  })

  it.each([
    [{ status: 503, body: '{"status":"ok"}' }, "answered with status 503"],
    [{ status: 200, body: "<html>" }, "the answer is not a JSON object"],
    [{ status: 200, body: "{}" }, "status is missing, expected ok or healthy"],
    [{ problem: "connection refused" }, "connection refused"],
  ])("says what is wrong: %j", (answer, why) => {
    expect(judgeBody(answer, expectOk, null).check).toEqual({ name: "health", outcome: "failed", why })
  })
})
