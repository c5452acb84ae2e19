import { describe, expect, it } from "vitest"
import type { RunContext } from "../base/run-context.ts"
import { silentLog, silentProgress } from "../base/run-context.ts"
import type { App } from "./app.ts"
import { gate, type GateTools, requirePassed } from "./gate.ts"
import { locateApp } from "./locate.ts"
import type { ComposeModel, ServiceState } from "./ports.ts"

/** A clock that a test moves: sleeping takes no time of ours. */
function context(): RunContext {
  let nowMs = 0
  return {
    signal: new AbortController().signal,
    progress: silentProgress,
    log: silentLog,
    operationId: "test",
    clock: {
      now: () => new Date(nowMs),
      monotonicMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms
        await Promise.resolve()
      },
    },
  }
}

function state(service: string, changes: Partial<ServiceState> = {}): ServiceState {
  return {
    service,
    containerId: `id-${service}`,
    containerName: service,
    state: "running",
    health: null,
    restartCount: 0,
    restartPolicy: "always",
    imageReference: "x",
    imageId: "sha256:x",
    repositoryDigests: [],
    addresses: [],
    mounts: [],
    environment: {},
    labels: {},
    ...changes,
  }
}

const refuse = (): never => {
  throw new Error("not asked for in this test")
}

const model: ComposeModel = {
  projectName: "p",
  services: [],
  volumes: {
    data: { name: "p_data", external: false },
    gone: { name: "p_gone", external: false },
    far: { name: "p_far", external: false },
  },
  networks: {},
  secretFiles: {},
  document: {},
}

/** Answers in turn; the last one stays. */
function tools(bodies: readonly string[], rounds: readonly (readonly ServiceState[])[]): GateTools {
  const turn = { body: 0, states: 0 }
  const next = <T>(list: readonly T[], at: number): T => {
    const item = list[Math.min(at, list.length - 1)]
    if (item === undefined) throw new Error("nothing to answer")
    return item
  }
  const containers = {
    version: refuse,
    platform: refuse,
    stopServices: refuse,
    startServices: refuse,
    up: refuse,
    down: refuse,
    exec: refuse,
    runHelper: refuse,
    logs: refuse,
    createVolume: refuse,
    imagePresent: refuse,
    saveImage: refuse,
    loadImage: refuse,
    tagImage: refuse,
    untagImage: refuse,
    sandbox: refuse,
    removeLeftovers: refuse,
    compose: async () => await Promise.resolve(model),
    services: async () => await Promise.resolve(next(rounds, turn.states++)),
    volumePath: async (name: string) =>
      await Promise.resolve(name === "p_gone" ? null : { hostPath: `/volumes/${name}`, visible: name !== "p_far" }),
  }
  return {
    prober: {
      http: async () => await Promise.resolve({ status: 200, body: next(bodies, turn.body++) }),
      tcp: async () => await Promise.resolve(false),
      sshHostKey: refuse,
    },
    containers,
    databases: { for: refuse, named: refuse },
    commands: { run: refuse },
  }
}

const app: App = {
  name: "chat",
  recipe: null,
  compose: { files: ["/c.yml"], projectDirectory: "/", projectName: "p", profiles: [] },
  run: null,
  databases: [],
  files: [],
  secrets: [],
  configuration: [],
  images: "auto",
  health: { url: "http://127.0.0.1:1/", command: null, expect: { status: ["ok"] }, versionKey: "version", timeoutMs: 10_000 },
  checks: [],
  hooks: { before: [], after: [] },
  schedules: {},
  drills: {},
  objectives: { exposureMs: null, recoveryTimeMs: null },
  thresholds: { collapseRatio: 0.5, collapseFloor: 1 },
  vaults: ["local"],
}
const ok = '{"status":"ok","version":"2.0"}'
const bad = '{"status":"degraded"}'

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
