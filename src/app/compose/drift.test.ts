import { describe, expect, it } from "vitest"
import { exampleService } from "../../../test/fixture/example-services.ts"
import type { ComposeService } from "../ports.ts"
import { assertNoDrift, type DriftFacts, findDrift } from "./drift.ts"

const DIGEST = `sha256:${"ab".repeat(32)}`
const OTHER = `sha256:${"cd".repeat(32)}`

function declared(name: string, image: string | null, profiles: readonly string[] = []): ComposeService {
  return exampleService(name, { image, profiles, builds: image === null })
}

function running(service: string, imageReference: string, hash = "h1", version = "2.26.1"): DriftFacts["states"][number] {
  return { service, imageReference, labels: { "com.docker.compose.config-hash": hash, "com.docker.compose.version": version } }
}

function drift(services: readonly ComposeService[], states: DriftFacts["states"], more: Partial<DriftFacts> = {}): readonly string[] {
  return findDrift({ model: { services }, states, profiles: [], hashes: null, ...more })
}

describe("drift between compose files and containers", () => {
  it.each([
    ["web:1", "web:1"],
    ["web", "web:latest"],
    ["docker.io/library/web:1", "web:1"],
    [`web:1@${DIGEST}`, `web@${DIGEST}`],
  ])("is none between %s and a container made from %s", (said, made) => {
    expect(drift([declared("web", said)], [running("web", made)])).toEqual([])
  })

  it.each([
    ["web:2", "web:1"],
    ["web", "web:1"],
    ["ghcr.io/x/web:1", "web:1"],
    [`web:1@${DIGEST}`, "web:1"],
    [`web:1@${DIGEST}`, `web:1@${OTHER}`],
  ])("is told when the files say %s and the container was made from %s", (said, made) => {
    expect(drift([declared("web", said)], [running("web", made)])).toEqual([
      `The container of web was made from ${made}; the compose files say ${said}.`,
    ])
  })

  it("is a service without a container, unless its profile is not in use", () => {
    const services = [declared("web", "web"), declared("job", "job", ["seldom"])]
    expect(drift(services, [])).toEqual(["The service web is declared, and has no container."])
    expect(drift(services, [running("web", "web")], { profiles: ["seldom"] })).toEqual([
      "The service job is declared, and has no container.",
    ])
    expect(drift(services, [running("web", "web"), running("job", "job")])).toEqual([])
  })

  it("is a container that no file declares, said once for all of its copies", () => {
    expect(drift([declared("web", "web")], [running("old", "x"), running("old", "x"), running("web", "web")])).toEqual([
      "The service old has a container, and no compose file declares it.",
    ])
  })

  it("is another configuration, where the same version of compose tells it", () => {
    const hashes = { composeVersion: "v2.26.1-4", byService: { web: ["h2", "h3"], db: ["h0", "h1"] } }
    const services = [declared("web", "web"), declared("db", null)]
    const sentence = "The container of web was made from another configuration than the compose files say now."
    expect(drift(services, [running("web", "web"), running("db", "built")], { hashes })).toEqual([sentence])
    expect(drift(services, [running("web", "web", "h2"), running("db", "built")], { hashes })).toEqual([])
    expect(drift(services, [running("web", "web", "h1", "2.30.0"), running("db", "built")], { hashes })).toEqual([])
    expect(drift(services, [running("web", "web"), running("db", "built")])).toEqual([])
  })

  it("stops an update unless it is accepted, with every difference and what to do", () => {
    expect(() => {
      assertNoDrift("chat", ["One.", "Two."], false)
    }).toThrow(
      expect.objectContaining({
        code: "DRIFT_FOUND",
        message: "what runs of chat is not what its compose files say",
        why: "One.\nTwo.",
        hint: "Nothing was changed. Bring up what the files say, or correct the files; if the difference is intended, pass --accept-drift.",
      }),
    )
    expect(() => {
      assertNoDrift("chat", ["One."], true)
      assertNoDrift("chat", [], false)
    }).not.toThrow()
  })
})
