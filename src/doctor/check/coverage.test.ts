import { expect, it } from "vitest"
import { exampleApp } from "../../../test/fixture/example.ts"
import { treesOfMachine } from "./coverage.ts"

it("whole trees of the machine are told of where the settings name them as files of an app", () => {
  const places = { rootfs: { path: "/" }, etc: { path: "/etc" }, own: { path: "/srv/shop" }, kept: { volume: "etc", path: "" } }
  const files = Object.entries(places).map(([name, place]) => ({ name, place, exclude: [], defaultOwner: null, mustBeMounted: false }))
  expect(treesOfMachine(exampleApp({ name: "shop", files })).map(({ subject, what }) => `${subject}: ${what}`)).toEqual([
    "shop files:rootfs: / belongs to the machine, not to the app",
    "shop files:etc: /etc belongs to the machine, not to the app",
  ])
})
