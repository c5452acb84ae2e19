import { expect, it } from "vitest"
import { poly1305 } from "./poly1305.ts"

it("makes the tags of RFC 8439: an example, a whole block of nothing, a sum that wraps around the prime", () => {
  const tag = (text: string, r: string, s: string): string =>
    poly1305(Buffer.from(text, "hex"), Buffer.from(r, "hex"), Buffer.from(s, "hex")).toString("hex")
  const example = Buffer.from("Cryptographic Forum Research Group").toString("hex")

  expect(tag(example, "85d6be7857556d337f4452fe42d506a8", "0103808afb0db2fd4abff6af4149f51b")).toBe("a8061dc1305136c6c22b8baf0c0127a9")
  expect(tag("00".repeat(64), "00".repeat(16), "00".repeat(16))).toBe("00".repeat(16))
  expect(tag("ff".repeat(16), `02${"00".repeat(15)}`, "00".repeat(16))).toBe(`03${"00".repeat(15)}`)
})
