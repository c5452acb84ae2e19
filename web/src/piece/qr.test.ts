import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { qrModules } from "./qr.ts"

/** Digests of codes that an independent reader (zbar) has read back as their text. */
const READ_BACK = [
  ["hi", 21, "97314de84ccfecea"],
  ["otpauth://totp/Holdfast:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast&digits=6&period=30", 37, "706a848e44a84f17"],
  ["z".repeat(190), 49, "188747d74da3a95a"],
  ["long ".repeat(54), 57, "7c2fc1d763b1f0d2"],
] as const

describe("codes to scan", () => {
  it.each(READ_BACK)("%j is drawn as a reader has read it", (text, size, digest) => {
    const modules = qrModules(text) ?? []
    const drawn = modules.map((row) => row.map((dark) => (dark ? "1" : "0")).join("")).join("\n")

    expect(modules).toHaveLength(size)
    expect(createHash("sha256").update(drawn).digest("hex").slice(0, 16)).toBe(digest)
  })

  it("are not drawn for what does not fit", () => {
    expect(qrModules("x".repeat(300))).toBeNull()
  })
})
