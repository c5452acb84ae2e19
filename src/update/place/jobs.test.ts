import { expect, it } from "vitest"
import { jobsOf } from "./jobs.ts"

const done = { condition: "service_completed_successfully" }
const document = {
  services: {
    web: { depends_on: { migrate: done, postgres: { condition: "service_healthy" } } },
    worker: { depends_on: { migrate: done, seed: done } },
    migrate: { depends_on: { prepare: done, postgres: { condition: "service_healthy" } } },
    prepare: {},
    seed: {},
    postgres: {},
  },
}

it("are run in the order in which they wait for each other, once each", () => {
  expect(jobsOf(document, ["web", "worker", "migrate", "prepare", "seed"])).toEqual(["prepare", "migrate", "seed"])
})

it("are those of the update alone: what stays as it is has done its work", () => {
  expect(jobsOf(document, ["web", "migrate"])).toEqual(["migrate"])
  expect(jobsOf(document, ["web", "worker"])).toEqual([])
})

it("end also where services wait for each other in a circle, and where nobody waits", () => {
  const circle = { services: { a: { depends_on: { b: done } }, b: { depends_on: { a: done } } } }
  expect(jobsOf(circle, ["a", "b"]).toSorted()).toEqual(["a", "b"])
  expect(jobsOf({ services: { a: {} } }, ["a"])).toEqual([])
  expect(jobsOf({}, ["a"])).toEqual([])
})
