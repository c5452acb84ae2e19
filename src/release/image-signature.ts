import { z } from "zod"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { ImageSignature } from "./ports.ts"
import type { PinnedKey } from "./public-key.ts"
import { verifySignature } from "./signature.ts"
import { signatureInvalid } from "./signature-form.ts"
import { readStrictJson } from "./strict-json.ts"

/** What cosign signs of an image: its digest, and the repository that it was signed in. */
const payloadSchema = z.object({
  critical: z.strictObject({
    identity: z.strictObject({ "docker-reference": z.string() }),
    image: z.strictObject({ "docker-manifest-digest": z.string() }),
    type: z.literal("cosign container image signature"),
  }),
})

export interface SignedImage {
  readonly repository: string
  readonly digest: string
}

/**
 * Whether the pinned key signed this very image for one of the repositories that are allowed: a signature of another product of the same
 * vendor, put beside this image, is none. Throws RELEASE_SIGNATURE_MISSING, and RELEASE_SIGNATURE_INVALID with the last reason.
 * @param isAllowed whether a repository that the signature names is one that this image may come from
 */
export async function verifyImageSignature(
  image: SignedImage,
  signatures: readonly ImageSignature[],
  key: PinnedKey,
  isAllowed: (repository: string) => boolean,
): Promise<void> {
  const { repository, digest } = image
  if (signatures.length === 0) {
    throw new HoldfastError("RELEASE_SIGNATURE_MISSING", { what: `the image ${repository}@${digest} is not signed` })
  }
  let refusal: HoldfastError | null = null
  // One that holds is enough: others may be of keys that the vendor no longer uses.
  for (const signature of signatures) {
    refusal = await refusalOf(signature, digest, key, isAllowed)
    if (refusal === null) return
  }
  throw new HoldfastError("RELEASE_SIGNATURE_INVALID", {
    what: `no signature of the image ${repository}@${digest} is valid`,
    ...(refusal?.why === undefined ? {} : { why: refusal.why }),
    details: { pinned: key.fingerprint },
  })
}

async function refusalOf(
  { payload, signature }: ImageSignature,
  digest: string,
  key: PinnedKey,
  isAllowed: (repository: string) => boolean,
): Promise<HoldfastError | null> {
  // A copy of our own: what is verified is what is read.
  const bytes = Uint8Array.from(payload)
  try {
    await verifySignature(bytes, { kind: "detached", content: Buffer.from(signature) }, key)
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
  const reading = readStrictJson(bytes)
  const parsed = payloadSchema.safeParse(reading.ok ? reading.value : null)
  if (!parsed.success) return signatureInvalid("it is not what signatures of images sign")
  const { identity, image } = parsed.data.critical
  if (image["docker-manifest-digest"] !== digest) return signatureInvalid(`it is one of ${image["docker-manifest-digest"]}`)
  const signedAs = withoutTag(identity["docker-reference"])
  return isAllowed(signedAs) ? null : signatureInvalid(`it is one of an image of ${signedAs}`)
}

/** Some write the tag that was signed with the repository. */
function withoutTag(reference: string): string {
  return (reference.split("@")[0] ?? "").replace(/:[^/:]*$/, "")
}
