import { describe, expect, it } from "vitest"
import { bad, gatedApp, movedContext, ok, state, toolsSaying } from "../../test/fixture/gate-tools.ts"
import type { App, PostgresSource } from "./app.ts"
import { gate, requirePassed, type GateOptions, type GateTools } from "./gate.ts"

const main: PostgresSource = {
  engine: "postgres",
  name: "main",
  service: "db",
  projectName: "p",
  host: null,
  port: null,
  database: "chat",
  user: "chat",
  password: null,
  access: null,
}

const window: GateOptions = { stableForMs: 20_000, timeoutMs: 60_000, hardLimitMs: 360_000 }

/** Databases of which the first answers to the question who is at work are these, then nobody. */
function atWork(...answers: readonly (string | null)[]): Pick<GateTools, "databases"> {
  const left = [...answers]
  const query = async (): Promise<readonly (readonly (string | null)[])[]> => {
    const answer = left.shift() ?? null
    return await Promise.resolve(answer === null ? [] : [[answer]])
  }
  return { databases: { for: () => ({ query }) } }
}

const withDatabase: App = { ...gatedApp, databases: [main] }

describe("the gate of an update", () => {
  it("keeps what is well for the whole window, and tells since when it answered", async () => {
    const report = await gate(gatedApp, toolsSaying([bad, bad, ok], [[state("api")]]), { kind: "live" }, movedContext(), window)

    expect(report).toMatchObject({ passed: true, extendedBy: null })
    // Two looks of 200 ms without an answer, then one a second until the window is over.
    expect(report.firstGoodAt).toEqual(new Date(400))
    expect(report.durationMs).toBe(20_400)
  })

  it("does not keep a healthy api with a worker that ends again and again", async () => {
    const rounds = Array.from({ length: 200 }, (_, index) => [state("api"), state("worker", { restartCount: Math.floor(index / 8) })])
    const report = await gate(gatedApp, toolsSaying([ok], rounds), { kind: "live" }, movedContext(), window)

    expect(report.passed).toBe(false)
    expect(report.durationMs).toBeLessThan(60_000)
    expect(report.checks).toContainEqual({ name: "service worker", outcome: "failed", why: "restarted 5 times while it was watched" })
    expect(() => requirePassed(gatedApp, report)).toThrow("chat is not well")
  })

  it("forgives restarts before the window", async () => {
    const rounds = [0, 1, 2].map((restartCount) => [state("api"), state("worker", { restartCount })])
    const report = await gate(gatedApp, toolsSaying([ok], rounds), { kind: "live" }, movedContext(), window)

    expect(report).toMatchObject({ passed: true, durationMs: 21_000 })
  })

  it("does not keep what answers 200 and says that it is degraded", async () => {
    const report = await gate(gatedApp, toolsSaying([bad], [[state("api")]]), { kind: "live" }, movedContext(), window)

    expect(report).toMatchObject({ passed: false, firstGoodAt: null })
    expect(report.checks).toContainEqual({ name: "health", outcome: "failed", why: "status is degraded, expected ok" })
  })

  it("ends at once when a container has ended and nobody starts it again, and not for one that need not run", async () => {
    const ended = [[state("api"), state("worker", { state: "exited" })]]
    const report = await gate(gatedApp, toolsSaying([ok], ended), { kind: "live" }, movedContext(), window)
    const ignored = await gate(gatedApp, toolsSaying([ok], ended), { kind: "live" }, movedContext(), {
      ...window,
      ignoreServices: ["worker"],
    })

    expect(report.passed).toBe(false)
    expect(report.durationMs).toBeLessThan(2000)
    expect(report.checks).toContainEqual({ name: "service worker", outcome: "failed", why: "is exited" })
    expect(ignored.passed).toBe(true)
  })

  it("waits for a health check that is still starting beyond the plain deadline", async () => {
    const starting = Array.from({ length: 90 }, () => [state("api", { health: "starting" })])
    const report = await gate(
      gatedApp,
      toolsSaying([ok], [...starting, [state("api", { health: "healthy" })]]),
      { kind: "live" },
      movedContext(),
      window,
    )

    expect(report).toMatchObject({ passed: true, extendedBy: "the health check of api is still starting" })
    expect(report.durationMs).toBeGreaterThan(100_000)
    // The app answered all the time; only its health check had not said so.
    expect(report.firstGoodAt).toEqual(new Date(0))
  })

  it("does not take a start that is repeated for one that lasts", async () => {
    const rounds = Array.from({ length: 400 }, (_, index) => [state("api", { health: "starting", restartCount: Math.min(4, index) })])
    const report = await gate(gatedApp, toolsSaying([bad], rounds), { kind: "live" }, movedContext(), window)

    expect(report.passed).toBe(false)
    expect(report.durationMs).toBeLessThan(62_000)
  })

  it("waits for a migration that it sees at work in the database, up to the hard limit", async () => {
    const busy = Array.from({ length: 400 }, () => "ALTER of chat")
    const slow = await gate(
      withDatabase,
      toolsSaying([...busy.map(() => bad), ok], [[state("api")]], atWork(...busy)),
      { kind: "live" },
      movedContext(),
      window,
    )
    const hanging = await gate(
      withDatabase,
      toolsSaying([bad], [[state("api")]], atWork(...busy, ...busy, ...busy, ...busy, ...busy)),
      { kind: "live" },
      movedContext(),
      window,
    )

    expect(slow).toMatchObject({ passed: true, extendedBy: "ALTER of chat is at work in database main" })
    expect(hanging.passed).toBe(false)
    expect(hanging.durationMs).toBeGreaterThanOrEqual(360_000)
    expect(hanging.durationMs).toBeLessThan(361_000)
  })

  it("reads a version with and without its v as the same one", async () => {
    const says = '{"status":"ok","version":"v2.0"}'
    const report = await gate(gatedApp, toolsSaying([says], [[state("api")]]), { kind: "live" }, movedContext(), {
      ...window,
      expectVersion: "2.0",
    })
    const other = await gate(gatedApp, toolsSaying([says], [[state("api")]]), { kind: "live" }, movedContext(), {
      ...window,
      expectVersion: "2.1",
    })

    expect(report.passed).toBe(true)
    expect(other).toMatchObject({ passed: false, firstGoodAt: null })
  })
})
