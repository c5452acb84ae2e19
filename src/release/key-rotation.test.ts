import { sign } from "node:crypto"
import { describe, expect, it } from "vitest"
import { exampleKey, exampleRelease } from "../../test/fixture/release.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import { announcementText, confirmKey, readKeyAnnouncement, refuseUnknownKey, type AnnouncedKey } from "./key-rotation.ts"
import { canonicalManifest } from "./manifest.ts"

const [old, next] = [exampleKey(), exampleKey()]
const announcement = { product: "chat", replaces: old.publicKey.fingerprint, key: next.publicKey.pem, issued: "2026-04-19T10:00:00Z" }
const announced: AnnouncedKey = { key: next.publicKey, replaces: old.publicKey.fingerprint, issued: announcement.issued }

async function refused(text: string): Promise<HoldfastError> {
  const bytes = Buffer.from(text)
  const content = Buffer.from(sign("sha256", bytes, old.privateKey).toString("base64"))
  try {
    await readKeyAnnouncement(bytes, { kind: "detached", content }, old.pinned, "chat")
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
  throw new Error("it was accepted")
}

describe("an announcement of a key", () => {
  it("that is signed but no announcement is refused with the reason", async () => {
    expect(await refused("[1")).toMatchObject({
      code: "RELEASE_INVALID",
      message: "the announcement of a key is not valid",
      why: "a list is not closed (at character 3)",
    })
    expect((await refused(canonicalManifest(exampleRelease()))).why).toMatch(/^format: \S/)
    expect((await refused(announcementText({ ...announcement, key: "k".repeat(1001) }))).why).toMatch(/^key: \S/)
  })

  it("knows its instant to the second", async () => {
    expect((await refused(announcementText({ ...announcement, issued: "2026-04-19T10:00:00.5Z" }))).why).toMatch(/^issued: \S/)
  })

  it("for another product, or in the place of another key, says so", async () => {
    expect(await refused(announcementText({ ...announcement, product: "wiki" }))).toMatchObject({
      code: "RELEASE_OTHER_PRODUCT",
      message: "a key of wiki is announced, not of chat",
    })
    for (const replaces of [next.publicKey.fingerprint, "none", ` ${old.publicKey.fingerprint}`]) {
      expect(await refused(announcementText({ ...announcement, replaces }))).toMatchObject({
        code: "RELEASE_INVALID",
        why: "it replaces another key than the pinned one",
      })
    }
  })

  it("that was not confirmed names both keys", () => {
    expect(() => confirmKey(announced, "")).toThrow(
      expect.objectContaining({ details: { pinned: old.publicKey.fingerprint, announced: next.publicKey.fingerprint } }),
    )
  })
})

describe("a release that is not signed by the pinned key", () => {
  const refusal = new HoldfastError("RELEASE_SIGNATURE_INVALID", { what: "the signature is not valid", why: "it has 7 bytes" })

  it("is refused with the reason and the pinned key where no other is announced", () => {
    expect(refuseUnknownKey(refusal, old.pinned, null)).toMatchObject({
      code: "RELEASE_SIGNATURE_INVALID",
      message: "the release is not signed by the pinned key",
      why: `it has 7 bytes; pinned is ${old.publicKey.fingerprint}, and it announces no other key`,
      cause: refusal,
      details: { pinned: old.publicKey.fingerprint },
    })
    const bare = new HoldfastError("RELEASE_SIGNATURE_INVALID", { what: "the signature is not valid" })
    expect(refuseUnknownKey(bare, old.pinned, null)).toMatchObject({
      why: `the signature is not valid; pinned is ${old.publicKey.fingerprint}, and it announces no other key`,
    })
  })

  it("leads to the announced key where there is one", () => {
    expect(refuseUnknownKey(refusal, old.pinned, announced)).toMatchObject({ code: "RELEASE_KEY_UNCONFIRMED" })
  })

  it("is not what another error is about: that one is handed on", () => {
    for (const thrown of [new Error("a bug"), new HoldfastError("RELEASE_EXPIRED", { what: "it expired" })]) {
      expect(refuseUnknownKey(thrown, old.pinned, announced)).toBe(thrown)
      expect(refuseUnknownKey(thrown, old.pinned, null)).toBe(thrown)
    }
  })
})
