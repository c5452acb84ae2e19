import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { describe, expect, it } from "vitest"
import { exampleKey } from "../../test/fixture/release.ts"
import { sha256 } from "../base/canonical-json.ts"
import { isHoldfastError, type HoldfastError } from "../base/errors.ts"
import { pinKey, readPublicKey } from "./public-key.ts"

const pem = (key: KeyObject): string => String(key.export({ type: "spki", format: "pem" }))
const block = (der: Uint8Array): string => `-----BEGIN PUBLIC KEY-----\n${Buffer.from(der).toString("base64")}\n-----END PUBLIC KEY-----\n`

function refusal(attempt: () => unknown): HoldfastError {
  try {
    attempt()
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
  throw new Error("it was accepted")
}
const refused = (text: string): HoldfastError => refusal(() => readPublicKey(text))

describe("a public key", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const own = pem(publicKey)

  it("is known by the digest of its bytes, and is written anew", () => {
    const der = publicKey.export({ type: "spki", format: "der" })
    const read = readPublicKey(block(der))

    expect(read).toMatchObject({ fingerprint: sha256(der), pem: own })
    expect(read.key.equals(publicKey)).toBe(true)
  })

  it("may have line ends of any kind and white space after it, up to a thousand characters", () => {
    const { fingerprint } = readPublicKey(own)
    const spaced = (length: number): string => own.padEnd(length, "\n")

    expect(readPublicKey(own.trimEnd()).fingerprint).toBe(fingerprint)
    expect(readPublicKey(own.replaceAll("\n", "\r\n")).fingerprint).toBe(fingerprint)
    expect(readPublicKey(spaced(1000)).fingerprint).toBe(fingerprint)
    expect(refused(spaced(1001)).why).toBe("it does not hold exactly one PEM block PUBLIC KEY")
  })

  it("is refused with the reason", () => {
    expect(refused("none")).toMatchObject({
      code: "RELEASE_KEY_INVALID",
      message: "the public key cannot be used",
      why: "it does not hold exactly one PEM block PUBLIC KEY",
    })
    expect(refused(pem(generateKeyPairSync("ed25519").publicKey)).why).toBe("its type is ed25519")
    expect(refused(pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey)).why).toBe("its curve is secp384r1")
    expect(refused(block(Buffer.concat([publicKey.export({ type: "spki", format: "der" }), Buffer.from([0])]))).why).toBe(
      "it is written in an unusual way",
    )
    expect(refused(block(Buffer.from("not a key at all"))).code).toBe("RELEASE_KEY_INVALID")
    expect(refused(block(Buffer.from("not a key at all"))).why).toMatch(/\S/)
  })

  it("whose curve is given by parameters is refused, even when they are those of the right curve", () => {
    const explicit = generateKeyPairSync("ec", { namedCurve: "P-256", paramEncoding: "explicit" })

    expect(refused(pem(explicit.publicKey))).toMatchObject({ code: "RELEASE_KEY_INVALID", why: "it is written in an unusual way" })
  })
})

describe("the pinned key", () => {
  it("is the one with that fingerprint; of any other both fingerprints are told", () => {
    const [key, other] = [exampleKey().publicKey, exampleKey().publicKey]

    expect(pinKey(key, key.fingerprint)).toBe(key)
    expect(refusal(() => pinKey(other, key.fingerprint))).toMatchObject({
      code: "RELEASE_KEY_NOT_PINNED",
      message: "the vendor's key is not the pinned one",
      why: `pinned is ${key.fingerprint}, this is ${other.fingerprint}`,
      details: { pinned: key.fingerprint, found: other.fingerprint },
    })
    for (const almost of ["", key.fingerprint.toUpperCase(), ` ${key.fingerprint}`, key.fingerprint.slice(0, -1), `${key.fingerprint}0`]) {
      expect(refusal(() => pinKey(key, almost)).code).toBe("RELEASE_KEY_NOT_PINNED")
    }
  })
})
