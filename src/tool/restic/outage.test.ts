import { describe, expect, it } from "vitest"
import { HoldfastError } from "../../base/errors.ts"
import { watchOutage } from "./outage.ts"

const FAILED = "Save(<data/12ab>) returned error, retrying after 1.2s: dial tcp 127.0.0.1:8000: connect: connection refused"
const WORKED = "Save(<data/12ab>) operation successful after 3 retries"

function watched(patienceMs: number) {
  let nowMs = 1000
  const clock = { monotonicMs: () => nowMs, now: () => new Date(nowMs), sleep: async () => await Promise.resolve() }
  const watch = watchOutage(patienceMs, (line) => new HoldfastError("VAULT_UNREACHABLE", { what: "cut", why: line }), { clock })
  return { signal: watch.signal, say: (line: string, atMs: number) => ((nowMs = atMs), watch.onLine(line)) }
}

describe("a vault that stops answering", () => {
  it("ends the call with restic's last words once nothing has worked for too long", () => {
    const { say, signal } = watched(5000)
    say("processed 3 files", 1000)
    say(FAILED, 9000)
    say(FAILED, 13_999)
    expect(signal.aborted).toBe(false)
    say(FAILED, 14_000)

    expect(signal.reason).toMatchObject({ code: "VAULT_UNREACHABLE", why: FAILED })
  })

  it("is borne when it answers again in time", () => {
    const { say, signal } = watched(5000)
    say(FAILED, 1000)
    say(WORKED, 5000)
    say(FAILED, 9000)
    say(FAILED, 13_000)

    expect(signal.aborted).toBe(false)
  })
})
