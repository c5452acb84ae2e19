import { describe, expect, it } from "vitest"
import { exampleModel, exampleService } from "../../../test/fixture/example-services.ts"
import { findUncopied } from "./uncopied.ts"

const needsOfMachine = "it uses the host's network"
const web = exampleService("web", { image: "shop/web" })
const proxy = exampleService("proxy", { image: "traefik:3", needsOfMachine })

describe("services that no sandbox can have", () => {
  it("are told with what they need, where the app goes on without them", () => {
    expect(findUncopied(exampleModel([web, proxy]))).toEqual([{ what: "proxy", why: needsOfMachine }])
    expect(findUncopied(exampleModel([web]))).toEqual([])
  })

  it("are not told where only its databases and caches would remain", () => {
    const [db, cache] = [exampleService("db", { image: "postgres:16" }), exampleService("cache", { image: "redis:7" })]

    expect(findUncopied(exampleModel([db, cache, proxy]))).toEqual([])
    expect(findUncopied(exampleModel([db, web, proxy]))).toHaveLength(1)
  })
})
