import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { removeCopies, requireOnlyImages } from "./edited-model.ts"

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

it("what compose passes over may change with an image, where an anchor holds it", () => {
  const anchored = (image: string): { document: Readonly<Record<string, unknown>> } => ({
    document: { ...model({ image }).document, "x-app": { image } },
  })
  expect(() => {
    requireOnlyImages(anchored("web:1"), anchored("web:2"), ["web"])
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

it("copies that a look left behind go away, those of another look and of another file do not", async () => {
  const directory = await temporaryDirectory("edited-model")
  const names = [
    ".compose.yml.holdfast-plan-op1-aa",
    ".compose.yml.holdfast-plan-op2-aa",
    "..env.holdfast-plan-op1-bb",
    ".other.yml.holdfast-plan-op1-cc",
  ]
  for (const name of names) await writeFile(join(directory, name), "")
  const compose = { files: [join(directory, "compose.yml")], projectDirectory: directory, projectName: "shop", profiles: [] }

  await removeCopies(compose, "op1")
  await removeCopies({ ...compose, files: ["/no/such/place/compose.yml"] }, "op1")

  expect((await readdir(directory)).toSorted()).toEqual([".compose.yml.holdfast-plan-op2-aa", ".other.yml.holdfast-plan-op1-cc"])
})
