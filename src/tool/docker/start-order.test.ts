import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { dependenciesOf, startRounds, type Labelled } from "./start-order.ts"

const service = (name: string, dependsOn = ""): Labelled => ({
  service: name,
  labels: dependsOn === "" ? {} : { "com.docker.compose.depends_on": dependsOn },
})

function rounds(...all: readonly Labelled[]): readonly (readonly string[])[] {
  return startRounds(all).map((round) => round.map((one) => one.service))
}

describe("what a service depends on", () => {
  it("is read as compose writes it on its containers", () => {
    expect(dependenciesOf(service("web", "redis:service_healthy:true,mail:service_started:false"))).toEqual([
      { service: "redis", condition: "service_healthy" },
      { service: "mail", condition: "service_started" },
    ])
    expect(dependenciesOf(service("web"))).toEqual([])
    expect(dependenciesOf({ service: "web", labels: { "com.docker.compose.depends_on": "" } })).toEqual([])
  })
})

describe("the rounds of a start", () => {
  it("have what is depended on before what depends on it, also over services between them", () => {
    const all = [
      service("api", "cache:service_healthy:false,job:service_completed_successfully:false"),
      service("cache"),
      service("job", "queue:service_started:false"),
      service("queue"),
    ]
    expect(rounds(...all)).toEqual([["cache", "queue"], ["job"], ["api"]])
  })

  it("is one for services that do not know each other, in the given order, and for several containers of a service", () => {
    expect(rounds(service("web"), service("api"), service("api"))).toEqual([["web", "api", "api"]])
    expect(rounds(service("api", "absent:service_started:false"))).toEqual([["api"]])
    expect(rounds(service("api", "api:service_started:false"))).toEqual([["api"]])
    expect(rounds()).toEqual([])
  })

  it("end with a circle, which nobody can start in order", () => {
    const circle = [service("a", "b:service_started:false"), service("b", "a:service_started:false"), service("c")]
    expect(rounds(...circle)).toEqual([["c"], ["a", "b"]])
  })

  it("hold each service once, none before what it depends on", () => {
    const names = ["a", "b", "c", "d", "e", "f"]
    // Each depends on some of those before it: no circles.
    const graph = fc.tuple(...names.map((_, index) => fc.subarray(names.slice(0, index)))).chain((edges) => {
      const all = names.map((name, index) => service(name, (edges[index] ?? []).map((other) => `${other}:service_started:false`).join(",")))
      return fc.shuffledSubarray(all, { minLength: all.length })
    })
    fc.assert(
      fc.property(graph, (all) => {
        const made = startRounds(all)
        expect(made.flat().toSorted((a, b) => (a.service < b.service ? -1 : 1))).toEqual(
          all.toSorted((a, b) => (a.service < b.service ? -1 : 1)),
        )
        const roundOf = new Map(made.flatMap((round, index) => round.map((one) => [one.service, index] as const)))
        for (const one of all) {
          for (const other of dependenciesOf(one)) expect(roundOf.get(other.service)).toBeLessThan(roundOf.get(one.service) ?? -1)
        }
      }),
    )
  })
})
