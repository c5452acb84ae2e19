import { describe, expect, it } from "vitest"
import { bad, gatedApp as app, movedContext as context, ok, state, toolsSaying as tools } from "../../test/fixture/gate-tools.ts"
import type { App } from "./app.ts"
import { gate, requirePassed } from "./gate.ts"
import { locateApp } from "./locate.ts"

describe("the gate", () => {
  it("passes only after three good answers in a row: a bad one in between starts the count again", async () => {
    const report = await gate(app, tools([bad, ok, ok, bad, ok], [[state("api")]]), { kind: "live" }, context())
    expect(report).toMatchObject({ passed: true, version: "2.0", probes: 7 })
  })

  it("fails when the time is over, and says what was wrong last", async () => {
    const report = await gate(app, tools([bad], [[state("api")]]), { kind: "live" }, context())
    expect(report.passed).toBe(false)
    expect(report.durationMs).toBe(10_000)
    expect(() => requirePassed(app, report)).toThrow("chat is not well")
  })

  it("does not look again where there is nothing to ask: no service, no health, no check", async () => {
    const report = await gate({ ...app, compose: null, health: null }, tools([], []), { kind: "live" }, context())
    expect(report).toMatchObject({ passed: true, probes: 1, durationMs: 0 })
  })

  it("sees a worker that restarts again and again behind a healthy api", async () => {
    const rounds = [0, 1, 2, 3, 4].map((restartCount) => [state("api"), state("worker", { restartCount })])
    const report = await gate(app, tools([ok], rounds), { kind: "live" }, context())
    expect(report.passed).toBe(false)
    expect(report.checks).toContainEqual({ name: "service worker", outcome: "failed", why: "restarted 4 times while it was watched" })
  })

  it.each([
    [state("api", { state: "exited" }), "is exited"],
    [state("api", { health: "unhealthy" }), "its health check says unhealthy"],
  ])("takes no service for well that does not run or says that it is not (%#)", async (sick, why) => {
    const report = await gate(app, tools([ok], [[sick]]), { kind: "live" }, context())
    expect(report.passed).toBe(false)
    expect(report.checks).toContainEqual({ name: "service api", outcome: "failed", why })
  })

  it("does not take a project without any container for well", async () => {
    const report = await gate({ ...app, health: null }, tools([ok], [[]]), { kind: "live" }, context(), { timeoutMs: 3000 })
    expect(report.passed).toBe(false)
  })

  it("compares the version, and runs the app's own checks", async () => {
    const checked: App = { ...app, checks: [{ kind: "tcp", name: "ssh", host: "127.0.0.1", port: 6466 }] }
    const report = await gate(checked, tools([ok], [[state("api")]]), { kind: "live" }, context(), {
      expectVersion: "2.1",
      timeoutMs: 3000,
    })
    expect(report.checks).toContainEqual({ name: "version", outcome: "failed", why: "answered 2.0, 2.1 is expected" })
    expect(report.checks).toContainEqual({ name: "ssh", outcome: "failed", why: "nothing accepts connections on 127.0.0.1:6466" })
  })
})

describe("locating an app", () => {
  const withVolume = (volume: string): App => ({
    ...app,
    files: [{ name: "up", place: { volume, path: "sub" }, exclude: [], defaultOwner: null, mustBeMounted: false }],
  })

  it("turns a volume into a path of this host and says where it came from", async () => {
    const located = await locateApp(withVolume("data"), tools([ok], [[]]).containers, context())
    expect(located.files[0]?.place).toEqual({ path: "/volumes/p_data/sub" })
    expect(located.origins).toEqual({ "files:up": "volume:p_data/sub" })
  })

  it.each([
    ["nowhere", "the compose file declares no volume nowhere"],
    ["gone", "there is no volume p_gone"],
    ["far", "the data of the volume p_far cannot be read from here"],
  ])("refuses %s", async (volume, message) => {
    await expect(locateApp(withVolume(volume), tools([ok], [[]]).containers, context())).rejects.toThrow(message)
  })
})
