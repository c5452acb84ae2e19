import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, it } from "vitest"
import { safeJoin } from "./safe-join.ts"

let root = ""
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-safe-join-"))
  mkdirSync(join(root, "real", "sub"), { recursive: true })
  writeFileSync(join(root, "real", "file"), "")
  symlinkSync("/etc", join(root, "etc"))
  symlinkSync("/etc/passwd", join(root, "real", "passwd"))
  symlinkSync("real", join(root, "inward"))
  symlinkSync("nowhere", join(root, "dangling"))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const anyPart = fc.oneof(
  fc.constantFrom("..", ".", "", "etc", "inward", "dangling", "real", "sub", "file", "a\\b", "..\\..", "-rf", "\u202E", "x\0y", "...", " "),
  fc.string({ maxLength: 8 }),
)

it("whatever the path, the result lies below the root, on the very parts that were given, or is refused", () => {
  fc.assert(
    fc.property(fc.array(anyPart, { minLength: 1, maxLength: 6 }), fc.boolean(), (parts, absolute) => {
      const relative = (absolute ? "/" : "") + parts.join("/")
      let joined: string
      try {
        joined = safeJoin(root, relative)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: "FILES_DIFFER" })
        return
      }
      expect(joined).toBe(`${root}/${relative}`)
      expect(resolve(joined).startsWith(`${root}/`)).toBe(true)
      expect(resolve(joined)).toBe(joined)
    }),
    { numRuns: 2000 },
  )
})

it.each(["..", "../x", "real/../../x", "/etc/passwd", "", "./x", "x//y", "x/", "a\0b"])("%j is refused as a path", (relative) => {
  expect(() => safeJoin(root, relative)).toThrow(
    expect.objectContaining({ message: `path ${JSON.stringify(relative)} is refused`, why: "it is not a plain relative path" }),
  )
})

it.each([
  ["etc/passwd", "etc"],
  ["inward/file", "inward"],
  ["real/passwd", "passwd"],
  ["dangling", "dangling"],
])("a planted link is never followed: %s", (relative, link) => {
  expect(() => safeJoin(root, relative)).toThrow(expect.objectContaining({ why: `${JSON.stringify(link)} is a symbolic link` }))
})

it("a file has nothing below it", () => {
  expect(() => safeJoin(root, "real/file/x")).toThrow(
    expect.objectContaining({
      code: "FILES_DIFFER",
      why: '"file" is not a directory',
      hint: "A path must stay inside its directory. Find out where this one comes from before you trust the data.",
    }),
  )
})

it("ordinary paths are joined, there or not, odd names included", () => {
  for (const relative of ["real/file", "real/sub", "real/sub/new/deeper", "real/a\\b", "real/-rf", "real/…", "real/..x"]) {
    expect(safeJoin(root, relative)).toBe(`${root}/${relative}`)
  }
})
