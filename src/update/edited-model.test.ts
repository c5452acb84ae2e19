import { expect, it } from "vitest"
import { requireOnlyImages } from "./edited-model.ts"

function model(
  web: Readonly<Record<string, unknown>>,
  db: Readonly<Record<string, unknown>> = {},
): { document: Readonly<Record<string, unknown>> } {
  return { document: { name: "shop", services: { web: { image: "web:1", ...web }, db: { image: "db:1", ...db } } } }
}

it("a release changes images of its services, and what the same variable tells them of their version", () => {
  expect(() => {
    requireOnlyImages(model({ environment: { V: "1" } }), model({ image: "web:2", environment: { V: "2" }, labels: { v: "2" } }), ["web"])
  }).not.toThrow()
})

it.each([
  ["another service's image", model({}, { image: "db:2" })],
  ["another service's environment", model({}, { environment: { V: "2" } })],
  ["what a service of the release mounts", model({ volumes: [{ type: "bind", source: "/2", target: "/data" }] })],
])("a release does not change %s", (_what, after) => {
  expect(() => {
    requireOnlyImages(model({}), after, ["web"])
  }).toThrow(
    expect.objectContaining({ code: "PIN_REFUSED", message: "the edited compose files would change more than the images of the release" }),
  )
})
