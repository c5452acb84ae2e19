import { createHash, sign } from "node:crypto"
import { describe, expect, it } from "vitest"
import { exampleKey } from "../../test/fixture/release.ts"
import { isHoldfastError, type HoldfastError } from "../base/errors.ts"
import { verifyBundle } from "./bundle.ts"
import { verifySignature, type Signature } from "./signature.ts"

const key = exampleKey()
const other = exampleKey()
const document = Buffer.from("a release\n")
const signed = (by = key, bytes = document): string => sign("sha256", bytes, by.privateKey).toString("base64")
const detached = (content: string): Signature => ({ kind: "detached", content: Buffer.from(content) })

async function refused(signature: Signature | null): Promise<HoldfastError> {
  try {
    await verifySignature(document, signature, key.pinned)
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
  throw new Error("it was accepted")
}

describe("a signature", () => {
  it("that is not there is told apart from one that is empty and one that is wrong", async () => {
    expect(await refused(null)).toMatchObject({ code: "RELEASE_SIGNATURE_MISSING", message: "the release has no signature" })
    expect(await refused(detached(""))).toMatchObject({ code: "RELEASE_SIGNATURE_MISSING", message: "the signature is empty" })
    expect(await refused(detached(signed(other)))).toMatchObject({
      code: "RELEASE_SIGNATURE_INVALID",
      message: "the signature is not valid",
      why: "it is not a signature of these bytes by the pinned key",
      details: { pinned: key.publicKey.fingerprint },
    })
  })

  it("is as long as one can be, in plain base64", async () => {
    const ofBytes = async (count: number): Promise<HoldfastError> => await refused(detached(Buffer.alloc(count, 0x30).toString("base64")))

    expect(await refused(detached("not base64!"))).toMatchObject({ why: "it is not plain base64", details: {} })
    expect((await ofBytes(7)).why).toBe("it has 7 bytes")
    expect((await ofBytes(8)).why).toBe("it is not a signature of these bytes by the pinned key")
    expect((await ofBytes(72)).why).toBe("it is not a signature of these bytes by the pinned key")
    expect((await ofBytes(73)).why).toBe("it has 73 bytes")
  })
})

describe("a bundle", () => {
  const example = (signature = signed(), digestOf: Uint8Array = document) => ({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: "any" } },
    messageSignature: {
      messageDigest: { algorithm: "SHA2_256", digest: createHash("sha256").update(digestOf).digest("base64") },
      signature,
    },
  })
  const bundle = (content: unknown): Signature => ({ kind: "bundle", content: Buffer.from(JSON.stringify(content)) })

  it("is accepted when the pinned key signed, whatever else it holds of logs and times", async () => {
    const { verificationMaterial, ...rest } = example()
    const logged = { ...verificationMaterial, tlogEntries: [{ logIndex: "1" }], timestampVerificationData: {} }

    await expect(verifySignature(document, bundle(example()), key.pinned)).resolves.toBeUndefined()
    await expect(verifySignature(document, bundle({ ...rest, verificationMaterial: logged }), key.pinned)).resolves.toBeUndefined()
  })

  it("by another key is refused with the pinned one's fingerprint", async () => {
    const refusal = await refused(bundle(example(signed(other))))

    expect(refusal).toMatchObject({ code: "RELEASE_SIGNATURE_INVALID", details: { pinned: key.publicKey.fingerprint } })
    expect(refusal.why).toMatch(/\S/)
  })

  it("is refused with the reason when it is none", async () => {
    const good = example()
    const why = async (content: unknown): Promise<string | undefined> => (await refused(bundle(content))).why

    expect((await refused({ kind: "bundle", content: Buffer.from("{") })).why).toBe("the bundle: a key is missing (at character 2)")
    expect(await why({ ...good, dsseEnvelope: {} })).toMatch(/^the bundle: Unrecognized key: "dsseEnvelope"$/)
    expect(await why({ ...good, verificationMaterial: { publicKey: { hint: 7 } } })).toMatch(
      /^the bundle: verificationMaterial\.publicKey\.hint: \S/,
    )
    expect(() => verifyBundle(document, bundle(example("no base64")).content, key.pinned)).toThrow("the signature is not valid")
    expect(await why(example("no base64"))).toBe("the bundle: messageSignature.signature: is not plain base64")
    expect(await why(example(signed(), Buffer.from("other")))).toBe("the bundle is one of other bytes")
    expect(await why(example(""))).toMatch(/^the bundle: \S/)
  })
})
