import { describe, expect, it } from "vitest"
import type { StepRecord } from "../operation/ports.ts"
import { owesAfterHooks } from "./settle.ts"

const step = (name: string, state: StepRecord["state"], index: number): StepRecord => ({
  index,
  name,
  state,
  details: null,
  result: null,
  at: new Date(0),
})

function owes(...steps: readonly (readonly [string, StepRecord["state"]])[]): boolean {
  return owesAfterHooks(steps.map(([name, state], index) => step(name, state, index)))
}

describe("hooks after a capture", () => {
  it("are owed from the moment that those before it were begun until they are done", () => {
    expect(owes()).toBe(false)
    expect(owes(["hooks-before", "started"])).toBe(true)
    expect(owes(["hooks-before", "done"], ["hooks-after", "started"])).toBe(true)
    expect(owes(["hooks-before", "done"], ["hooks-after", "done"])).toBe(false)
  })

  it("of a second capture are not done by those of the first", () => {
    const first = [
      ["hooks-before", "done"],
      ["hooks-after", "done"],
      ["seal", "done"],
    ] as const
    expect(owes(...first, ["hooks-before", "started"])).toBe(true)
    expect(owes(...first, ["hooks-before", "done"], ["hooks-after", "failed"])).toBe(true)
    expect(owes(...first, ["hooks-before", "done"], ["hooks-after", "done"])).toBe(false)
  })
})
