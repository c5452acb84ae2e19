import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { inspect, format } from "node:util"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { z } from "zod"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { canonicalJson, sha256, type Json } from "./canonical-json.ts"
import { writeFileDurably } from "./durable-file.ts"
import { catalog } from "./error-catalog.ts"
import { HoldfastError, isHoldfastError, messageOf } from "./errors.ts"
import { compactUtc, newOperationId } from "./ids.ts"
import { Secret } from "./secret.ts"
import { counted, formatBytes, formatDuration, parseDurationMs } from "./units.ts"

describe("canonical JSON", () => {
  const value = fc.jsonValue().map((json): Json => z.json().parse(JSON.parse(JSON.stringify(json))))
  const shuffled = (json: Json): Json => {
    if (json === null || typeof json !== "object") return json
    if (Array.isArray(json)) return json.map((item: Json) => shuffled(item))
    return Object.fromEntries(
      Object.entries(json)
        .toReversed()
        .map(([key, member]) => [key, member === undefined ? null : shuffled(member)]),
    )
  }

  it("is the same bytes for equal values, in whatever order their members were made, and reads back as the value", () => {
    fc.assert(
      fc.property(value, (json) => {
        expect(canonicalJson(shuffled(json))).toBe(canonicalJson(json))
        expect(JSON.parse(canonicalJson(json))).toEqual(json)
      }),
    )
  })

  it("is other bytes for other values", () => {
    fc.assert(
      fc.property(value, value, (left, right) => {
        const equal = inspect(shuffled(left), { sorted: true, depth: null, maxArrayLength: null, maxStringLength: null })
        const other = inspect(shuffled(right), { sorted: true, depth: null, maxArrayLength: null, maxStringLength: null })
        expect(canonicalJson(left) === canonicalJson(right)).toBe(equal === other)
      }),
    )
  })

  it("has sorted keys, no white space, and leaves out what is not there", () => {
    expect(canonicalJson({ b: [1, null, true], a: undefined, B: "é\n", "": {} })).toBe('{"":{},"B":"é\\n","b":[1,null,true]}')
    expect(sha256("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    expect(sha256(Buffer.from("abc"))).toBe(sha256("abc"))
  })
})

it("a secret prints as nothing of itself, however it is printed", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 12 }).map((text) => `canary${text}`),
      (text) => {
        const secret = new Secret(text)
        const holder = { secret, list: [secret], map: new Map([["k", secret]]) }
        const error = new HoldfastError("TOOL_FAILED", { what: `a ${String(secret)}`, details: { secret } })
        const printed = [
          String(secret),
          JSON.stringify(holder),
          inspect(holder, { depth: null, showHidden: true }),
          format("%s %o %O %j", secret, secret, secret, secret),
          inspect(error, { depth: null }),
        ]
        for (const one of printed) expect(one).not.toContain("canary")
        expect(Object.keys(secret)).toEqual([])
        expect(secret.reveal()).toBe(text)
      },
    ),
  )
})

describe("units", () => {
  it.each([
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [102_400, "100 KiB"],
    [1_048_575, "1.0 MiB"],
    [1_073_741_824, "1.0 GiB"],
    [2 ** 60, "1024 PiB"],
  ])("%i bytes are %s", (sizeBytes, expected) => expect(formatBytes(sizeBytes)).toBe(expected))

  it("says how many of what, in the number that fits", () => {
    expect([0, 1, 2].map((rows) => counted(rows, "row"))).toEqual(["0 rows", "1 row", "2 rows"])
    expect([1, 2].map((entries) => counted(entries, "entry is", "entries are"))).toEqual(["1 entry is", "2 entries are"])
  })

  it.each([
    [0, "0.0 s"],
    [400, "0.4 s"],
    [9_949, "9.9 s"],
    [9_999, "10 s"],
    [10_000, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [200_000, "3 min 20 s"],
    [3_600_000, "1 h"],
    [18_720_000, "5 h 12 min"],
    [172_800_000, "2 d"],
    [273_600_000, "3 d 4 h"],
  ])("%i ms are %s", (ms, expected) => expect(formatDuration(ms)).toBe(expected))

  it.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    [" 1.5h ", 5_400_000],
    ["15ms", 15],
    ["", null],
    ["5", null],
    ["-5s", null],
    ["5 s", null],
    ["5y", null],
    ["1e3s", null],
  ])("%j is a duration of %s ms", (text, expected) => expect(parseDurationMs(text)).toBe(expected))
})

describe("ids", () => {
  it("sort by time, are safe in names and do not repeat", () => {
    const early = newOperationId(new Date("2026-04-19T12:00:00.987Z"))
    expect(early).toMatch(/^20260419t120000-[0-9a-f]{6}$/)
    expect(newOperationId(new Date("2026-04-19T12:00:01Z")) > early).toBe(true)
    expect(new Set(Array.from({ length: 50 }, () => newOperationId(new Date(0)))).size).toBe(50)
    expect(compactUtc(new Date("2026-04-19T12:00:00.987Z"))).toBe("20260419T120000Z")
  })
})

describe("errors", () => {
  it("have exit codes that are unique, fit a byte and mean no signal", () => {
    const codes = Object.values(catalog).map((row) => row.exitCode)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.filter((code) => code <= 1 || code > 255 || code === 130)).toEqual([])
    expect(catalog.USAGE.exitCode).toBe(2)
  })

  it("carry what, why, hint and cause, and are told by their code", () => {
    const cause = new Error("below")
    const error = new HoldfastError("TOOL_TIMEOUT", { what: "x did not finish", why: "y", cause })
    expect(error).toMatchObject({
      message: "x did not finish",
      why: "y",
      cause,
      exitCode: 122,
      retryable: true,
      hint: catalog.TOOL_TIMEOUT.hint,
      details: {},
    })
    expect([
      isHoldfastError(error),
      isHoldfastError(error, "TOOL_TIMEOUT"),
      isHoldfastError(error, "USAGE"),
      isHoldfastError(cause),
    ]).toEqual([true, true, false, false])
    expect([messageOf(cause), messageOf("text"), messageOf(null)]).toEqual(["below", "text", "null"])
  })

  it("hint in full sentences", () => {
    for (const [code, { hint }] of Object.entries(catalog)) expect(hint, code).toMatch(/^[-A-Z`].*[.]$/)
  })
})

describe("a durable file", () => {
  it("has its content and a private mode, or the one that is told, and leaves nothing beside it", async () => {
    const directory = await temporaryDirectory("durable")
    const path = join(directory, "file")
    await writeFileDurably(path, "one")
    await writeFileDurably(path, new Uint8Array([50]), 0o640)
    expect(readFileSync(path, "utf8")).toBe("2")
    expect(statSync(path).mode & 0o777).toBe(0o640)
    await writeFileDurably(path, "three")
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory)).toEqual(["file"])
  })

  it("is the old one when the new one cannot be put in its place, and nothing is left beside it", async () => {
    const directory = await temporaryDirectory("durable")
    const path = join(directory, "file")
    mkdirSync(path)
    writeFileSync(join(path, "inside"), "old")
    await expect(writeFileDurably(path, "new")).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(readFileSync(join(path, "inside"), "utf8")).toBe("old")
    expect(readdirSync(directory)).toEqual(["file"])
    await expect(writeFileDurably(join(directory, "absent", "file"), "x")).rejects.toThrow("ENOENT")
  })
})
