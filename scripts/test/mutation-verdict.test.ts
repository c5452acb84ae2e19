import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { judgeMutation, listedSurvivors, survivors, type Mutant } from "./mutation-verdict.ts"

const root = join(import.meta.dirname, "../..")
const source = "const a = 1\nreturn left <\n  right && b\n"
const at = (line: number, column: number, toLine: number, toColumn: number): Mutant["location"] => ({
  start: { line, column },
  end: { line: toLine, column: toColumn },
})
const noticed = (count: number): readonly Mutant[] =>
  Array.from({ length: count }, (_, index) => ({ status: index === 0 ? "Timeout" : "Killed", replacement: "", location: at(1, 1, 1, 6) }))
const left: Mutant = { status: "Survived", replacement: "left <=\n right", location: at(2, 8, 3, 8) }
const LISTED = "## src/a.ts\n\n- `` left < right `` → `` left <= right ``: both sides are never equal\n"

describe("the verdict of mutation testing", () => {
  it("is good when every survivor is on the list and nine of ten are noticed", () => {
    const files = { "src/a.ts": { source, mutants: [...noticed(9), left] } }
    expect(survivors(files)).toEqual(["src/a.ts: left < right → left <= right"])
    expect(judgeMutation(files, listedSurvivors(LISTED))).toEqual([])
  })

  it("holds each file to the threshold on its own", () => {
    const files = { "src/a.ts": { source, mutants: [...noticed(8), left] }, "src/b.ts": { source, mutants: noticed(100) } }
    expect(judgeMutation(files, listedSurvivors(LISTED))).toEqual(["src/a.ts: 8 of 9 mutants were noticed, 90 % are wanted"])
  })

  it("names survivors that are not on the list, and those on it that are none", () => {
    const uncovered: Mutant = { status: "NoCoverage", replacement: "2", location: at(1, 11, 1, 12) }
    const files = { "src/a.ts": { source, mutants: [...noticed(20), uncovered] } }
    expect(judgeMutation(files, listedSurvivors(LISTED))).toEqual([
      "nobody has looked at this survivor: src/a.ts: 1 → 2",
      "listed, but it does not survive any more: src/a.ts: left < right → left <= right",
    ])
    expect(judgeMutation({}, new Set())).toEqual(["there is no report"])
  })

  it("is held against a list whose every entry can be read and still stands in its file", () => {
    const text = readFileSync(join(root, "test/mutation-survivors.md"), "utf8")
    const listed = [...listedSurvivors(text)]
    expect(listed).toHaveLength(text.split("\n").filter((line) => line.startsWith("- ")).length)
    for (const entry of listed) {
      const [file = "", original = ""] = entry.split(/: | → /)
      expect(readFileSync(join(root, file), "utf8").replaceAll(/\s+/g, " "), entry).toContain(original)
    }
  })

  it("takes no entry without a reason", () => {
    expect(listedSurvivors("## src/a.ts\n- `` a `` → `` b ``:\n- `` a `` → `` b ``")).toEqual(new Set())
  })
})
