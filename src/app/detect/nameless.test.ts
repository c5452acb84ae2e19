import { describe, expect, it } from "vitest"
import { exampleModel, exampleService, exampleState } from "../../../test/fixture/example-services.ts"
import type { ComposeModel, ComposeService, ServiceState } from "../ports.ts"
import { findNameless, namelessVolumes } from "./nameless.ts"

type Mount = ComposeService["mounts"][number]

const anonymous = (target: string): Mount => ({ kind: "volume", source: "", target, readOnly: false })
const named: Mount = { kind: "volume", source: "data", target: "/named", readOnly: false }

const service = (name: string, image: string, ...mounts: readonly Mount[]): ComposeService => exampleService(name, { image, mounts })
const project = (...services: readonly ComposeService[]): ComposeModel => exampleModel(services)
const running = (name: string, mounts: Readonly<Record<string, string>>): ServiceState =>
  exampleState(name, {
    mounts: Object.entries(mounts).map(([target, source]) => ({ kind: "volume", source, hostPath: null, target, readOnly: false })),
  })
const GIVEN = "0123456789abcdef".repeat(4)

describe("volumes without a name", () => {
  it("are those that the compose file mounts so and those that an image declares, each place of a service once", () => {
    const model = project(service("web", "shop/web", anonymous("/data"), named), service("worker", "shop/web"))
    const states = [
      running("web", { "/data": GIVEN, "/named": "shop_data" }),
      running("worker", { "/data": GIVEN }),
      running("worker", { "/data": GIVEN }),
    ]

    expect(namelessVolumes(model, states)).toEqual([
      { service: "web", target: "/data" },
      { service: "worker", target: "/data" },
    ])
    expect(namelessVolumes(model, [])).toEqual([{ service: "web", target: "/data" }])
  })

  it("are not protected, unless a cache fills them again or the database in them is dumped", () => {
    const model = project(
      service("web", "shop/web", anonymous("/data")),
      service("cache", "redis:7", anonymous("/data")),
      service("db", "postgres:16", anonymous("/var/lib/postgresql/data"), anonymous("/backups")),
      service("other", "mongo:7"),
    )
    const said = ({ what, why }: { what: string; why: string }): string => `${what} ${why}`
    const { leftOut, notProtected } = findNameless(model, [running("other", { "/data/db": GIVEN }), running("gone", { "/x": GIVEN })])

    expect(leftOut.map(said)).toEqual([
      "the volume without a name of service cache at /data belongs to cache (redis), a cache; it is filled again",
      "the volume without a name of service db at /var/lib/postgresql/data is the live directory of the database server db; its databases are dumped instead",
    ])
    expect(notProtected.map(said)).toEqual([
      "the volume without a name of service web at /data is lost with its container; give it a name in the compose file if its data matters",
      "the volume without a name of service db at /backups is lost with its container; give it a name in the compose file if its data matters",
      "the volume without a name of service other at /data/db holds the data of mongo, an engine that Holdfast does not know, and is lost with its container; give it a name in the compose file if its data matters",
    ])
  })
})
