import { describe, expect, it } from "vitest"
import type { App, UpdateRules } from "../../app/app.ts"
import type { ComposeService, ServiceState } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import { exampleModel, exampleService, exampleState } from "../../../test/fixture/example-services.ts"
import { exampleApp, exampleUpdates } from "../../../test/fixture/example-updates.ts"
import { imageFamily } from "./image-family.ts"
import { runningVersion, type RunningApp } from "../running.ts"

const service = (name: string, image: string | null, labels: ComposeService["labels"] = {}): ComposeService =>
  exampleService(name, { image, builds: image === null, labels })
const state = (name: string, imageReference: string, labels: Readonly<Record<string, string>> = {}): ServiceState =>
  exampleState(name, { imageReference, labels })
function running(
  images: Readonly<Record<string, string | null>>,
  labels: Readonly<Record<string, string>> = {},
  reported: string | null = null,
): RunningApp {
  const model = exampleModel(Object.entries(images).map(([name, image]) => service(name, image)))
  return { model, states: Object.entries(images).map(([name, image]) => state(name, image ?? "chat-built", labels)), reported }
}
const family = (images: Readonly<Record<string, string | null>>, more: Partial<UpdateRules> = {}, app: Partial<App> = {}, labels = {}) => {
  const found = imageFamily({ ...exampleApp, ...app }, { ...exampleUpdates, ...more }, running(images, labels))
  return { running: found.running, services: found.members.map(({ service: name, repository }) => `${name} ${repository}`) }
}
const refusal = (make: () => unknown): string => {
  try {
    make()
  } catch (thrown) {
    if (thrown instanceof HoldfastError) return `${thrown.code}: ${thrown.why ?? ""}`
  }
  return "none"
}

describe("services that follow tags together", () => {
  const pair = { api: "r.example/w/api:1.8.10", web: `r.example/w/web:1.8.10@sha256:${"a".repeat(64)}` }

  it("are those that the settings name, else those of the repositories that are allowed", () => {
    const expected = { running: "1.8.10", services: ["api r.example/w/api", "web r.example/w/web"] }

    expect(family({ ...pair, db: "postgres:16" }, { services: ["api", "web"] })).toEqual(expected)
    expect(family({ ...pair, db: "postgres:16" }, { repositories: ["r.example/w/api", "r.example/w/web"] })).toEqual(expected)
  })

  it("are otherwise all but those that run a database, or that are built here", () => {
    const database = {
      engine: "postgres" as const,
      name: "main",
      service: "db",
      projectName: "chat",
      host: null,
      port: null,
      database: "w",
      user: "w",
      password: null,
      access: null,
    }

    expect(family({ ...pair, db: "postgres:16", own: null }, {}, { databases: [database] }).services).toHaveLength(2)
  })

  it("are never those in which Holdfast runs, by whatever they would be found", () => {
    const found = running(pair)
    const ours = service("updater", "r.example/w/api:0.1.0", { "holdfast.service": "updater" })
    const besides: RunningApp = { ...found, model: { ...found.model, services: [...found.model.services, ours] } }
    const members = (more: Partial<UpdateRules>): readonly string[] =>
      imageFamily(exampleApp, { ...exampleUpdates, ...more }, besides).members.map(({ service: name }) => name)

    expect(members({})).toEqual(["api", "web"])
    expect(members({ repositories: ["r.example/w/api", "r.example/w/web"] })).toEqual(["api", "web"])
    expect(members({ services: ["api", "web", "updater"] })).toEqual(["api", "web"])
  })

  it("are refused when they run different tags, for nobody could say which version that is", () => {
    expect(refusal(() => family({ ...pair, worker: "r.example/w/worker:1.8.9" }))).toBe(
      "RELEASE_SERVICES_DIFFER: they run different tags: api 1.8.10, web 1.8.10, worker 1.8.9",
    )
    expect(refusal(() => family({ own: null }))).toBe("RELEASE_SERVICES_DIFFER: no service of this app runs an image that is followed")
    expect(refusal(() => family(pair, { services: ["api", "gone"] }))).toBe(
      "RELEASE_SERVICES_DIFFER: gone is no service with an image of a registry",
    )
    expect(refusal(() => family(pair, { services: ["api", "web"], repositories: ["r.example/w/api"] }))).toBe(
      "RELEASE_REPOSITORY_REFUSED: allowed: r.example/w/api",
    )
  })

  it("are shown as they could be named, where those of one version are plain to see", () => {
    const hint = (images: Readonly<Record<string, string | null>>): string => {
      try {
        family(images)
      } catch (thrown) {
        if (thrown instanceof HoldfastError) return thrown.hint
      }
      return "none"
    }

    expect(hint({ cache: "redis:7", ...pair, mail: "mail", proxy: "proxy" })).toBe(
      "Name them under `updates.services`, for example `services: [api, web]`.",
    )
    expect(hint({ own: null })).toBe("Name them under `updates.services`, as the compose file names them.")
  })

  it("that were started by a tag which says nothing are known by the label of their image", () => {
    const label = { "org.opencontainers.image.version": "1.4.0" }

    expect(family({ api: "r.example/w/api:latest" }, {}, {}, label).running).toBe("1.4.0")
    expect(family({ api: "r.example/w/api" }, {}, {}, label).running).toBe("1.4.0")
    expect(family({ api: "r.example/w/api:latest" }).running).toBe("latest")
    expect(family({ api: "r.example/w/api:release-1.2.0" }, { tagPattern: "release-(?<version>.+)" }, {}, label).running).toBe(
      "release-1.2.0",
    )
  })
})

describe("the version that runs", () => {
  const version = (image: string, labels: Readonly<Record<string, string>>, reported: string | null, expectVersion = true): string | null =>
    runningVersion(exampleApp, { expectVersion }, running({ api: image }, labels, reported), ["api"])

  it("is what the program says, unless its builds say an old one", () => {
    expect(version("r.example/api:0.24.6", {}, "0.17.0")).toBe("0.17.0")
    expect(version("r.example/api:0.24.6", {}, "0.17.0", false)).toBe("0.24.6")
  })

  it("is else its tag or its label, and never what is no whole version", () => {
    const label = { "org.opencontainers.image.version": "24.04" }

    expect(version("r.example/api:v1.4.0-alpine", label, null)).toBe("1.4.0")
    expect(version("r.example/api:latest", { "org.opencontainers.image.version": "1.4.0" }, null)).toBe("1.4.0")
    expect(version("r.example/api:17", label, null)).toBeNull()
    expect(version("r.example/api:latest", label, "1.3.9", false)).toBe("1.3.9")
  })
})
