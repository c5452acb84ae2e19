import { describe, expect, it } from "vitest"
import { exampleService } from "../../../test/fixture/example-services.ts"
import { restAsTheyAre, type DependencyFacts } from "./dependencies.ts"

const service = (name: string, ...dependsOn: readonly string[]): DependencyFacts["model"]["services"][number] =>
  exampleService(name, { dependsOn })

const state = (name: string, more: Partial<DependencyFacts["states"][number]> = {}): DependencyFacts["states"][number] => ({
  service: name,
  state: "running",
  health: null,
  labels: { "com.docker.compose.config-hash": `hash-${name}`, "com.docker.compose.version": "2.26.1" },
  ...more,
})

const labels = (hash: string, version: string) => ({ "com.docker.compose.config-hash": hash, "com.docker.compose.version": version })

const model = { services: [service("web", "db", "worker"), service("worker", "db"), service("db", "disk"), service("disk")] }
const hashes = {
  composeVersion: "2.26.1-4",
  byService: { web: ["new"], worker: ["new"], db: ["hash-db", "hash-db-alone"], disk: ["hash-disk"] },
}
const states = ["web", "worker", "db", "disk"].map((name) => state(name))
const rests = (more: Partial<DependencyFacts>): boolean => restAsTheyAre({ model, states, hashes, ...more }, ["web", "worker"])
const but = (name: string, more: Partial<DependencyFacts["states"][number]>) =>
  rests({ states: [...states.filter((one) => one.service !== name), state(name, more)] })

describe("what services depend on", () => {
  it("stays as it is where all of it runs and was made from what the files say", () => {
    expect(rests({})).toBe(true)
    expect(rests({ hashes: { ...hashes, byService: { ...hashes.byService, worker: ["another"] } } })).toBe(true)
    expect(but("db", { health: "starting" })).toBe(true)
    expect(restAsTheyAre({ model, states: [], hashes: null }, ["disk"])).toBe(true)
  })

  it("would be started or made anew where it does not run, is not well, or was made otherwise", () => {
    expect(rests({ states: states.filter((one) => one.service !== "disk") })).toBe(false)
    expect(but("worker", { state: "exited" })).toBe(false)
    expect(but("db", { health: "unhealthy" })).toBe(false)
    expect(but("disk", { labels: labels("hash-of-before", "2.26.1") })).toBe(false)
    expect(but("db", { labels: labels("hash-db-alone", "2.26.1") })).toBe(false)
    expect(but("db", { labels: labels("hash-db", "2.20.0") })).toBe(false)
    expect(but("db", { labels: {} })).toBe(false)
    expect(rests({ hashes: null })).toBe(false)
  })
})
