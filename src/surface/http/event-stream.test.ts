import { expect, it, onTestFinished } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { isHoldfastError } from "../../base/errors.ts"
import { eventStream, type EventSink } from "./event-stream.ts"

const AT_ONCE = 200

interface Open {
  readonly sink: EventSink
  readonly response: Response
  readonly leave: AbortController
  readonly released: () => number
}

function open(): Open {
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  let given: EventSink | null = null
  let released = 0
  const response = eventStream(systemClock, leave.signal, (sink) => {
    given = sink
    return () => void (released += 1)
  })
  if (given === null) throw new Error("the stream was not begun")
  return { sink: given, response, leave, released: () => released }
}

function refusal(): unknown {
  try {
    open()
    return null
  } catch (thrown) {
    return thrown
  }
}

it("lets two hundred listen at once, tells the next when to come again, and has room when one has gone", async () => {
  const all = Array.from({ length: AT_ONCE }, open)

  expect(isHoldfastError(refusal(), "TOO_MANY_ATTEMPTS")).toBe(true)
  expect(refusal()).toMatchObject({ details: { retryAfterSeconds: 30 } })

  all[0]?.leave.abort()
  await all[1]?.response.body?.cancel()
  all[2]?.sink.end()
  for (const gone of all.slice(0, 3)) expect(gone.released()).toBe(1)
  expect([refusal(), refusal(), refusal()]).toEqual([null, null, null])
  expect(isHoldfastError(refusal(), "TOO_MANY_ATTEMPTS")).toBe(true)
})

it("lets go whoever does not read, instead of piling up what is written to him", () => {
  const { sink, released } = open()
  let sent = 0
  while (sent < 10_000 && sink.send({ sent })) sent += 1

  expect(sent).toBeLessThan(2000)
  expect(released()).toBe(1)
  expect(sink.send({ more: true })).toBe(false)
})
