import { createHash } from "node:crypto"
import { bundleFromJSON, type Bundle } from "@sigstore/bundle"
import { toSignedEntity, Verifier, type TrustMaterial } from "@sigstore/verify"
import { z } from "zod"
import { messageOf } from "../base/errors.ts"
import { issueText } from "./issue-text.ts"
import type { PinnedKey } from "./public-key.ts"
import { decodeStrictBase64, signatureInvalid } from "./signature-form.ts"
import { readStrictJson } from "./strict-json.ts"

/**
 * The part of a sigstore bundle v0.3 that counts here: a signature of the bytes themselves, by a key that the bundle only hints at. An
 * envelope, a certificate or a key inside the bundle is refused: who signs is decided by the pin alone. Entries of a transparency log
 * may be there and are not used: they prove when, not who, and have been a way round the key before.
 */
const bundleSchema = z.strictObject({
  mediaType: z.literal("application/vnd.dev.sigstore.bundle.v0.3+json"),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.string().max(500) }),
    tlogEntries: z.array(z.json()).optional(),
    timestampVerificationData: z.json().optional(),
  }),
  messageSignature: z.strictObject({
    messageDigest: z.strictObject({ algorithm: z.literal("SHA2_256"), digest: z.string() }),
    signature: z.string().refine((text) => decodeStrictBase64(text) !== null, "is not plain base64"),
  }),
})

/** Throws RELEASE_SIGNATURE_INVALID unless the bundle holds a signature of exactly these bytes by the pinned key. */
export function verifyBundle(document: Uint8Array, content: Uint8Array, key: PinnedKey): void {
  const bundle = readBundle(document, content)
  const verifier = new Verifier(trustIn(key), { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 })
  try {
    verifier.verify(toSignedEntity(bundle, Buffer.from(document)))
  } catch (thrown) {
    throw signatureInvalid(messageOf(thrown), key)
  }
}

function readBundle(document: Uint8Array, content: Uint8Array): Bundle {
  const reading = readStrictJson(content)
  if (!reading.ok) throw signatureInvalid(`the bundle: ${reading.why}`)
  const parsed = bundleSchema.safeParse(reading.value)
  if (!parsed.success) throw signatureInvalid(`the bundle: ${issueText(parsed.error)}`)
  const { mediaType, messageSignature, verificationMaterial } = parsed.data
  // Verifiers leave the digest alone when they are given the bytes themselves; a bundle that contradicts itself is refused all the same.
  if (messageSignature.messageDigest.digest !== createHash("sha256").update(document).digest("base64")) {
    throw signatureInvalid("the bundle is one of other bytes")
  }
  try {
    return bundleFromJSON({
      mediaType,
      messageSignature,
      verificationMaterial: { publicKey: verificationMaterial.publicKey, tlogEntries: [] },
    })
  } catch (thrown) {
    throw signatureInvalid(`the bundle: ${messageOf(thrown)}`)
  }
}

/** The pinned key whatever the bundle hints at, and nobody else. */
function trustIn({ key }: PinnedKey): TrustMaterial {
  const nobody: never[] = []
  return {
    publicKey: () => ({ publicKey: key, validFor: () => true }),
    certificateAuthorities: nobody,
    timestampAuthorities: nobody,
    tlogs: nobody,
    ctlogs: nobody,
  }
}
