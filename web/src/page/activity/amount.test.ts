import { describe, expect, it } from "vitest"
import { withEvent } from "../../wire/live.ts"
import { amountWords, doneShare } from "./amount.ts"

const at = "2026-11-21T12:00:00.000Z"

describe("how far a step is", () => {
  it("is a share only where the total is known", () => {
    expect(doneShare({ bytesDone: 512, bytesTotal: 1024 })).toBe(50)
    expect(doneShare({ filesDone: 1, filesTotal: 3 })).toBe(33)
    expect(doneShare({ bytesDone: 512 })).toBeNull()
    expect(doneShare({ bytesDone: 0, bytesTotal: 0 })).toBeNull()
  })

  it("never goes over the whole, although a source may grow", () => {
    expect(doneShare({ bytesDone: 2048, bytesTotal: 1024 })).toBe(100)
  })

  it("says only what is known", () => {
    expect(amountWords({ bytesDone: 1536, bytesTotal: 4096, filesDone: 1200 })).toBe("1.5 KiB of 4.0 KiB, 1\u202F200 files")
    expect(amountWords({})).toBe("")
  })
})

describe("events of an operation", () => {
  it("keep the newest amount of a step, and everything else", () => {
    const events = [
      { type: "step", at, title: "Capture" },
      { type: "amount", at, amount: { bytesDone: 1 } },
      { type: "amount", at, amount: { bytesDone: 2 } },
      { type: "note", at, text: "well" },
      { type: "amount", at, amount: { bytesDone: 3 } },
    ] as const
    const told = events.reduce<ReturnType<typeof withEvent>>(withEvent, [])

    expect(told.map((event) => event.type)).toEqual(["step", "amount", "note", "amount"])
    expect(told[1]).toEqual(events[2])
  })
})
