import { describe, expect, it } from "vitest"
import { exampleKey } from "../../test/fixture/release.ts"
import { signDocument } from "../publish/sign.ts"
import { verifyImageSignature } from "./image-signature.ts"
import type { ImageSignature } from "./ports.ts"

const key = exampleKey()
const stranger = exampleKey()
const repository = "registry.example/chat/server"
const digest = `sha256:${"a".repeat(64)}`
const isAllowed = (name: string): boolean => name === repository

/** As cosign writes it. */
function payload(of: { digest?: string; reference?: string; type?: string } = {}): unknown {
  return {
    critical: {
      identity: { "docker-reference": of.reference ?? repository },
      image: { "docker-manifest-digest": of.digest ?? digest },
      type: of.type ?? "cosign container image signature",
    },
    optional: null,
  }
}

function signed(content: unknown, by = key): ImageSignature {
  const bytes = Buffer.from(typeof content === "string" ? content : JSON.stringify(content))
  return { payload: bytes, signature: signDocument(bytes, by.privateKey) }
}

const verify = async (...signatures: readonly ImageSignature[]): Promise<void> =>
  await verifyImageSignature({ repository, digest }, signatures, key.pinned, isAllowed)

describe("a signature of an image", () => {
  it("holds when the pinned key signed this digest for this repository, whoever else signed as well", async () => {
    await verify(signed(payload()))
    await verify(signed(payload({ reference: `${repository}:1.4.0` })))
    await verify(signed(payload(), stranger), signed(payload()))
  })

  it("is missed where there is none", async () => {
    await expect(verify()).rejects.toMatchObject({
      code: "RELEASE_SIGNATURE_MISSING",
      message: `the image ${repository}@${digest} is not signed`,
    })
  })

  it("is refused of another image, another repository, another key, or of something else", async () => {
    const other = `sha256:${"b".repeat(64)}`
    const refused = [
      [signed(payload({ digest: other })), `it is one of ${other}`],
      [signed(payload({ reference: "registry.example/chat/admin" })), "it is one of an image of registry.example/chat/admin"],
      [signed(payload(), stranger), "it is not a signature of these bytes by the pinned key"],
      [signed(payload({ type: "atomic" })), "it is not what signatures of images sign"],
      [signed(`{"critical":1,"critical":2}`), "it is not what signatures of images sign"],
      [{ ...signed(payload()), signature: "AAAA" }, "it has 3 bytes"],
    ] as const
    for (const [signature, why] of refused) {
      await expect(verify(signature)).rejects.toMatchObject({ code: "RELEASE_SIGNATURE_INVALID", why })
    }
  })
})
