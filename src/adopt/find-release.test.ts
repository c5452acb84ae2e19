import { describe, expect, it } from "vitest"
import { exampleKey } from "../../test/fixture/release.ts"
import { sha256 } from "../base/canonical-json.ts"
import { systemClock } from "../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../base/run-context.ts"
import { imageGiven, vendorKeyOf } from "./find-release.ts"
import { isOther } from "./data-back.ts"
import { bodyProblem, statusProblem } from "./verify-adopted.ts"

const digest = `sha256:${"a".repeat(64)}`

describe("an image that a person names", () => {
  it("is taken by its digest, and a tag is kept beside it (C139)", () => {
    expect(imageGiven("chat", `r.example:5000/chat:1.2.0@${digest}`)).toEqual({ repository: "r.example:5000/chat", tag: "1.2.0", digest })
    expect(imageGiven("chat", `r.example/chat@${digest}`)).toEqual({ repository: "r.example/chat", tag: null, digest })
  })

  it("is refused without one, for a tag may mean another image tomorrow", () => {
    expect(() => imageGiven("chat", "r.example/chat:1.2.0")).toThrow("the image given for chat has no digest")
  })
})

describe("the vendor's key", () => {
  const ctx: RunContext = {
    signal: new AbortController().signal,
    progress: silentProgress,
    log: silentLog,
    clock: systemClock,
    operationId: "op1",
  }
  const pinned = Buffer.from(exampleKey().publicKey.pem)
  const managed = { keyUrl: "https://vendor.example/chat.pub", keyDigest: sha256(pinned) }
  const asked: string[] = []
  const serving = (key: Uint8Array): Parameters<typeof vendorKeyOf>[0] => ({
    releases: {
      open: () => {
        throw new Error("no release is asked for")
      },
      keyAt: async (url) => {
        asked.push(url)
        return await Promise.resolve(key)
      },
    },
  })

  it("is fetched from where the recipe says, unless it is at hand, and has to be the pinned one either way (C132)", async () => {
    expect(await vendorKeyOf(serving(pinned), managed, null, ctx)).toEqual(pinned)
    expect(asked).toEqual(["https://vendor.example/chat.pub"])
    expect(await vendorKeyOf(serving(Buffer.from("nobody asks")), managed, pinned, ctx)).toEqual(pinned)
    const other = Buffer.from(exampleKey().publicKey.pem)
    const refusal = {
      code: "RELEASE_KEY_NOT_PINNED",
      message: "the vendor's key is not the pinned one",
      why: expect.stringMatching(new RegExp(`^pinned is ${sha256(pinned).slice(7)}; its SHA-256 is ${sha256(other).slice(7)}, `)),
    }
    await expect(vendorKeyOf(serving(other), managed, null, ctx)).rejects.toMatchObject(refusal)
    await expect(vendorKeyOf(serving(pinned), managed, other, ctx)).rejects.toMatchObject(refusal)
  })
})

describe("whether a database has to come back with its program (C149, C150)", () => {
  it("is told by the migrations, wherever in the list one came, and without a list by the version", () => {
    const at = (version: string | null, ...migrations: readonly string[]) => ({ version, migrations })
    expect(isOther(at("2", "1", "2"), at("2", "1", "2"))).toBe(false)
    expect(isOther(at("2", "1", "2"), at("3", "1", "2", "3"))).toBe(true)
    expect(isOther(at("3", "1", "3"), at("3", "1", "2", "3"))).toBe(true)
    expect(isOther(at("7"), at("8"))).toBe(true)
    expect(isOther(at("7"), at("7"))).toBe(false)
    expect(isOther(at(null), at(null))).toBe(false)
  })
})

describe("what the adopted app answers (C148)", () => {
  it("is judged by its status or by members of its body", () => {
    expect(statusProblem("HTTP/1.1 401 Unauthorized\r\n\r\n", 401)).toBeNull()
    expect(statusProblem("HTTP/1.1 404 Not Found\r\n\r\n", 401)).toBe("answered 404, 401 is expected")
    expect(statusProblem("", 401)).toBe("there was no HTTP answer")
    expect(bodyProblem('{"status":"ok","more":1}', { status: "ok" })).toBeNull()
    expect(bodyProblem('{"status":"degraded"}', { status: "ok" })).toBe('answered {"status":"degraded"}, status: ok is expected')
    expect(bodyProblem("", { status: "ok" })).toBe("answered nothing, which is no JSON")
  })
})
