import { describe, expect, it } from "vitest"
import { crumbsOf, nameIn } from "./paths.ts"

describe("paths in a part", () => {
  it("lead from the top to the folder", () => {
    expect(crumbsOf("/uploads/2026")).toEqual([
      { name: "top", path: "/" },
      { name: "uploads", path: "/uploads" },
      { name: "2026", path: "/uploads/2026" },
    ])
    expect(crumbsOf("/")).toEqual([{ name: "top", path: "/" }])
  })

  it("end in the name of a file", () => {
    expect(nameIn("/uploads/ann.png")).toBe("ann.png")
    expect(nameIn("/uploads/")).toBe("uploads")
  })
})
