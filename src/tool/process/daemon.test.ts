import { expect, it } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { createProcesses } from "./process.ts"

it("does not wait for a daemon that a child leaves behind with its output", async () => {
  const processes = createProcesses({ environment: { PATH: process.env["PATH"] ?? "" }, clock: systemClock, setpriv: null })
  const { signal } = new AbortController()
  const startedMs = performance.now()
  const result = await processes.run({ argv: ["sh", "-c", "sleep 60 & echo $!"], signal })
  process.kill(Number(result.stdout.trim()), "SIGKILL")
  expect(result.exitCode).toBe(0)
  expect(performance.now() - startedMs).toBeLessThan(30_000)
})
