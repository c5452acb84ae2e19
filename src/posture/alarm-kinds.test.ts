import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { alarmKinds } from "./alarm-kinds.ts"

test("the manual has a section for every kind of alarm, with what to do, and for nothing else", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/manual/notifications.md"), "utf8")
  const sections = (page.split("\n## Every alarm\n")[1] ?? "").split("\n### ").slice(1)
  expect(new Set(sections.map((section) => section.split("\n")[0]))).toEqual(new Set(Object.keys(alarmKinds)))
  expect(sections).toHaveLength(Object.keys(alarmKinds).length)
  for (const section of sections) expect(section).toMatch(/\n\*\*Do\.\*\* \S/)
})

test("titles go after an app's name, hints are whole sentences", () => {
  for (const { title, hint } of Object.values(alarmKinds)) {
    expect(title).toMatch(/^[a-z].*[a-z]$/)
    expect(hint).toMatch(/^[A-Z].*\.$/)
  }
})
