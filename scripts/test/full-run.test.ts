import { expect, test } from "vitest"
import { evidencePage } from "./evidence-page.ts"
import { chosenFiles, mergeParts, notRunYet, withUnrun, type Part } from "./full-run.ts"

const row = (file: string, failed: number) => ({ file, passed: 1, failed, skipped: 0, durationMs: 1 })
const part = (commit: string, more: Partial<Part>): Part => ({
  part: "scenario",
  machine: [["commit", commit]],
  durationMs: 5,
  problems: [],
  suites: [],
  skippedTitles: [],
  findings: [],
  scores: [],
  ...more,
})

test("files that are run again alone are named after --only", () => {
  expect(chosenFiles(["--part", "scenario", "--only", "service,update-story"])).toEqual(["service", "update-story"])
  expect(chosenFiles(["--part", "scenario"])).toEqual([])
})

test("files that were run again take the place of their earlier rows, problems, skips and findings, and say at which commit", () => {
  const earlier = part("aaa", {
    problems: ["test/a.test.ts: 1 failed", "test/b.test.ts: 2 failed"],
    suites: [row("test/a.test.ts", 1), row("test/b.test.ts", 2), row("test/c.test.ts", 0)],
    skippedTitles: ["test/a.test.ts: what follows", "test/b.test.ts: what follows"],
    findings: [
      { title: "of a", facts: { seconds: 9 } },
      { title: "of c", facts: { seconds: 3 } },
    ],
  })
  const again = part("bbb", { suites: [row("test/a.test.ts", 0)], findings: [{ title: "of a", facts: { seconds: 2 } }] })

  expect(mergeParts(earlier, again)).toEqual(
    part("aaa", {
      problems: ["test/b.test.ts: 2 failed"],
      suites: [{ ...row("test/a.test.ts", 0), commit: "bbb" }, row("test/b.test.ts", 2), row("test/c.test.ts", 0)],
      skippedTitles: ["test/b.test.ts: what follows"],
      findings: [
        { title: "of c", facts: { seconds: 3 } },
        { title: "of a", facts: { seconds: 2 } },
      ],
    }),
  )
})

test("a part of which only some files were ever run says which were not", () => {
  const earlier = notRunYet("update-crash", [["commit", "aaa"]], ["test/a.test.ts", "test/b.test.ts"])
  const again = part("aaa", { part: "update-crash", suites: [row("test/a.test.ts", 0)] })
  const merged = mergeParts(earlier, again)
  expect(merged.problems).toEqual(["test/b.test.ts: not run"])
  const whole = { ...merged, suites: [...merged.suites, row("test/b.test.ts", 0)] }
  expect(evidencePage([{ ...merged, suites: [{ ...row("test/a.test.ts", 0), durationMs: 61_000, commit: "aaa" }] }])).toMatch(
    /file by file, see below \|.* 1 min 1 s \|/,
  )
  expect(evidencePage([whole])).toContain("aaa (1 file run again later, see below)")
})

test("a file that came since is told as not run, and one that is gone is not told", () => {
  const earlier = part("aaa", {
    suites: [row("test/a.test.ts", 0), row("test/gone.test.ts", 1)],
    problems: ["test/gone.test.ts: 1 failed", "crash: vitest ended with exit code 1"],
  })
  const told = withUnrun(earlier, ["test/a.test.ts", "test/new.test.ts"])
  expect(told.problems).toEqual(["crash: vitest ended with exit code 1", "test/new.test.ts: not run"])
  expect(told.suites.map(({ file }) => file)).toEqual(["test/a.test.ts"])
  expect(withUnrun(told, ["test/a.test.ts", "test/new.test.ts"])).toEqual(told)
})
