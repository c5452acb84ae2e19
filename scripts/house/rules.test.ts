import { describe, expect, it } from "vitest"
import { violationsOf } from "./rules.ts"

const rulesBroken = (file: string, text: string): string[] => violationsOf(file, text).map(({ rule, line }) => `${line} ${rule}`)

describe("house rules", () => {
  it.each([
    ["src/backup/plan.ts", "export const home = process.env", "1 process-only-in-main"],
    ["src/backup/plan.ts", "export const home = globalThis.process.env", "1 process-only-in-main"],
    ["src/backup/plan.ts", 'import { env } from "node:process"\nexport const home = env', "1 process-only-in-main"],
    ["src/surface/cli/run.ts", "process.exit(1)", "1 process-only-in-main"],
    ["src/surface/cli/run.ts", "export const words = process.argv", "1 process-only-in-main"],
    ["src/backup/plan.ts", "\nexport const now = new Date()", "2 clock-only-in-base"],
    ["src/backup/plan.ts", "export const now = Date.now()", "1 clock-only-in-base"],
    ["src/backup/plan.ts", "export const now = performance.now()", "1 clock-only-in-base"],
    ["src/backup/plan.ts", "setTimeout(() => undefined, 10)", "1 clock-only-in-base"],
    ["src/backup/plan.ts", 'import { setTimeout as wait } from "node:timers/promises"\nawait wait(1)', "1 clock-only-in-base"],
    ["src/backup/plan.ts", "export enum Level {}", "1 erasable-only"],
    ["src/backup/plan.ts", "// @ts-ignore\nexport const a = 1", "1 no-escape"],
    ["test/scenario/a.test.ts", "// oxlint-disable-next-line\nexport const a = 1", "1 no-escape"],
    ["src/backup/backup.ts", "export const a = 1", "1 door-sentence"],
    ["src/backup/backup.ts", "/** todo */\nexport const a = 1", "1 door-sentence"],
    ["src/backup/plan.ts", "export const a = 1\n".repeat(401), "401 file-length"],
  ])("in %s, %j is refused: %s", (file, text, expected) => {
    expect(rulesBroken(file, text)).toContain(expected)
  })

  it.each([
    ["src/main.ts", "/** Builds the tools and hands them to the rooms. */\nexport const home = process.env"],
    ["src/base/clock.ts", "export const now = (): Date => new Date()"],
    ["src/backup/plan.ts", "export const at = new Date(0)"],
    ["src/backup/plan.test.ts", "export const now = Date.now()"],
    ["src/backup/backup.ts", "/** Takes a recovery point of an app. */\nexport const a = 1"],
    ["src/backup/plan.ts", "export const a = 1\n".repeat(400)],
  ])("in %s, %j is allowed", (file, text) => {
    expect(rulesBroken(file, text)).toEqual([])
  })
})
