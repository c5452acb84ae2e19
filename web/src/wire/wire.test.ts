import { describe, expect, it } from "vitest"
import { place } from "./place.ts"
import { problemInAnswer, problemOf } from "./problem.ts"

describe("addresses", () => {
  it("escape what stands in them", () => {
    expect(place`/apps/${"a b"}/points/${"x/y?z"}`).toBe("/apps/a%20b/points/x%2Fy%3Fz")
  })

  it("leave out what is not asked for", () => {
    expect(place`/operations?app=${undefined}&limit=${50}`).toBe("/operations?limit=50")
    expect(place`/operations?app=${undefined}`).toBe("/operations")
    expect(place`/points?app=${"chat"}&limit=${undefined}`).toBe("/points?app=chat")
  })
})

describe("problems", () => {
  it("speak the words of the error document", () => {
    const error = {
      code: "VAULT_UNREACHABLE",
      what: "offsite does not answer",
      why: "timeout",
      hint: "Check it.",
      exitCode: 20,
      retryable: true,
    }

    expect(problemInAnswer(502, { format: "holdfast.error", version: 1, error }).facts).toMatchObject({
      code: "VAULT_UNREACHABLE",
      what: "offsite does not answer",
      why: "timeout",
      hint: "Check it.",
      status: 502,
    })
  })

  it("speak the sign-in's own words where it answers in its own form", () => {
    expect(problemInAnswer(401, { code: "INVALID_USERNAME_OR_PASSWORD", message: "Invalid username or password" }).facts).toMatchObject({
      code: "INVALID_USERNAME_OR_PASSWORD",
      what: "Invalid username or password",
    })
  })

  it("still say something when the answer says nothing", () => {
    expect(problemInAnswer(403, null).facts).toMatchObject({ code: "HTTP_403", what: "your account may not do this" })
    expect(problemOf(new TypeError("x is not a function"))).toMatchObject({ code: "BUG", why: "x is not a function" })
  })
})
