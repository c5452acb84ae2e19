import { describe, expect, it } from "vitest"
import { linesWrong, pairsOf, placeOf } from "./vault-draft.ts"

describe("the place of a new vault", () => {
  it("is a folder or an address, never both", () => {
    const draft = {
      vault: "v",
      kind: "path",
      path: " /mnt/x ",
      url: "rest:https://a",
      credentials: "A=b",
      options: "",
      appendOnly: false,
    } as const

    expect(placeOf(draft)).toEqual({ path: "/mnt/x", url: null, credentials: null, options: null })
    expect(placeOf({ ...draft, kind: "url" })).toEqual({ path: null, url: "rest:https://a", credentials: { A: "b" }, options: null })
  })

  it("takes credentials by lines, with = in a value", () => {
    expect(pairsOf("USER=ann\n\n PASSWORD=a=b=c \n")).toEqual({ USER: "ann", PASSWORD: "a=b=c" })
    expect(pairsOf("  \n")).toBeNull()
  })

  it("says when a line has no name", () => {
    expect([linesWrong("A=b\nnonsense"), linesWrong("=b"), linesWrong("A=b\n")]).toEqual([true, true, false])
  })
})
