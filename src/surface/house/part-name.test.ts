import { expect, it } from "vitest"
import { shownPart } from "./part-name.ts"

it("shows an image's digest by its first digits, and every other name whole", () => {
  expect(shownPart(`image:sha256:${"8dc95f974762".padEnd(64, "0")}`)).toBe("image:sha256:8dc95f974762")
  expect(["database:main", "files:image", "secrets"].map(shownPart)).toEqual(["database:main", "files:image", "secrets"])
})
