import { describe, expect, it } from "vitest"
import { wayOf } from "./settlement.ts"

type Step = Parameters<typeof wayOf>[0][number]

/** `name` is done, `name?` was begun and cut off, `name!` failed. */
function journal(...words: readonly string[]): readonly Step[] {
  return words.map((word): Step => {
    if (word.endsWith("?")) return { name: word.slice(0, -1), state: "started" }
    return word.endsWith("!") ? { name: word.slice(0, -1), state: "failed" } : { name: word, state: "done" }
  })
}

const STOOD_STILL = ["guard", "pull", "rehearse", "seal", "prepare", "note-trees", "stop-writers", "clone-database", "survey-trees"]

describe("an interrupted update", () => {
  it("has changed nothing before it was prepared", () => {
    expect(wayOf(journal("guard", "pull", "rehearse", "seal"), false)).toBe("nothing")
    expect(wayOf([], false)).toBe("nothing")
  })

  it("goes on as before while no file was edited, wherever it was cut off", () => {
    for (let length = 5; length <= STOOD_STILL.length; length += 1) {
      const steps = STOOD_STILL.slice(0, length)
      const last = steps.at(-1) ?? ""
      expect(wayOf(journal(...steps.slice(0, -1), `${last}?`), false)).toBe("resume")
      expect(wayOf(journal(...steps.slice(0, -1), `${last}!`), false)).toBe("resume")
    }
  })

  it("gets its files back when nothing was started from the edited ones", () => {
    expect(wayOf(journal(...STOOD_STILL, "pin?"), false)).toBe("unpin")
    expect(wayOf(journal(...STOOD_STILL, "pin"), false)).toBe("unpin")
    expect(wayOf(journal(...STOOD_STILL, "pin!"), false)).toBe("unpin")
  })

  it("goes back when a migration was cut off or failed: nothing of the new version has served anybody", () => {
    expect(wayOf(journal(...STOOD_STILL, "pin", "start-databases?"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "migrate?"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "migrate!"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "migrate"), false)).toBe("back")
  })

  it("goes forward once the new version was started and nobody has judged it", () => {
    expect(wayOf(journal(...STOOD_STILL, "pin", "migrate", "start?"), false)).toBe("forward")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate?"), false)).toBe("forward")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate", "keep?"), false)).toBe("forward")
  })

  it("goes back when the new version was judged, and never turns round on the way", () => {
    expect(wayOf(journal(...STOOD_STILL, "pin", "start!"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate!"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate!", "roll-back?"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate!", "roll-back", "swap-back", "gate-old"), false)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start?"), true)).toBe("back")
    expect(wayOf(journal(...STOOD_STILL, "pin"), true)).toBe("back")
  })

  it("is applied once what it replaced is recorded as kept", () => {
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate", "keep"), false)).toBe("done")
    expect(wayOf(journal(...STOOD_STILL, "pin", "start", "gate", "keep", "capture-database", "seal?"), false)).toBe("done")
  })
})
