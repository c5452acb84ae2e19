import { describe, expect, it } from "vitest"
import { exampleApp, exampleRecipe } from "../../test/fixture/example.ts"
import { exampleState } from "../../test/fixture/example-services.ts"
import { exampleUpdates } from "../../test/fixture/example-updates.ts"
import type { ServiceState } from "../app/ports.ts"
import { appVersion } from "./app-version.ts"

const state = (service: string, imageReference: string, labels: Readonly<Record<string, string>> = {}): ServiceState =>
  exampleState(service, { imageReference, labels })
const DIGEST = `sha256:${"a".repeat(64)}`
const labelled = (version: string): Readonly<Record<string, string>> => ({ "org.opencontainers.image.version": version })
const plain = exampleApp({ databases: [] })

describe("the version that a point is of", () => {
  it("is what the settings say, else what the program says of itself", () => {
    const states = [state("web", "r.example/web:1.0.0")]

    expect(appVersion({ ...plain, version: "3.0.0" }, states, "2.0.0")).toBe("3.0.0")
    expect(appVersion(plain, states, "2.0.0")).toBe("2.0.0")
  })

  it("is otherwise the tag of its image, also of one that an update pinned, else the image's label", () => {
    expect(appVersion(plain, [state("web", "r.example:5000/web:v1.1.0")], null)).toBe("1.1.0")
    expect(appVersion(plain, [state("web", `r.example:5000/web:1.1.0@${DIGEST}`, labelled("12.4"))], null)).toBe("1.1.0")
    expect(appVersion(plain, [state("web", `r.example/web@${DIGEST}`, labelled("1.2.0"))], null)).toBe("1.2.0")
    expect(appVersion(plain, [state("web", "r.example/web:latest", labelled("1.2.0"))], null)).toBe("1.2.0")
    expect(appVersion(plain, [state("web", "r.example/web:latest", labelled(""))], null)).toBeNull()
    expect(appVersion(plain, [state("web", `r.example/web@${DIGEST}`)], null)).toBeNull()
  })

  it("is that of what updates move, or of what the recipe stops, whatever runs beside", () => {
    const states = [state("cache", "redis:7.2.4"), state("web", "r.example/web:1.1.0")]

    expect(appVersion({ ...plain, updates: { ...exampleUpdates, services: ["web"] } }, states, null)).toBe("1.1.0")
    const recipe = exampleRecipe({ stop: { services: ["web"], graceSeconds: 1 } })
    expect(appVersion({ ...plain, recipe }, states, null)).toBe("1.1.0")
  })

  it("is not known where several services run and do not say the same; databases and Holdfast's own are not asked", () => {
    const web = state("web", "r.example/web:1.1.0")
    const database = {
      engine: "postgres",
      name: "main",
      service: "db",
      projectName: "chat",
      host: null,
      port: null,
      database: "w",
      user: "w",
      password: null,
      access: null,
    } as const

    expect(appVersion(plain, [state("cache", "redis:7.2.4"), web], null)).toBeNull()
    expect(appVersion(plain, [state("worker", "r.example/worker:1.1.0"), web], null)).toBe("1.1.0")
    expect(appVersion(plain, [state("worker", "r.example/worker"), web], null)).toBe("1.1.0")
    expect(appVersion({ ...plain, databases: [database] }, [state("db", "postgres:16.2"), web], null)).toBe("1.1.0")
    expect(appVersion(plain, [state("updater", "r.example/holdfast:0.1.0", { "holdfast.service": "updater" }), web], null)).toBe("1.1.0")
    expect(appVersion(plain, [], null)).toBeNull()
  })
})
