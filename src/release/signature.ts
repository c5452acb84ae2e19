import { verify } from "node:crypto"
import { HoldfastError } from "../base/errors.ts"
import type { PinnedKey } from "./public-key.ts"
import { decodeStrictBase64, signatureInvalid } from "./signature-form.ts"

/** What lies beside a document: cosign's detached signature, or a sigstore bundle. */
export interface Signature {
  readonly kind: "detached" | "bundle"
  readonly content: Uint8Array
}

/** The longest that a P-256 signature can be in DER is 72 bytes. */
const MAX_DER_BYTES = 72
const MIN_DER_BYTES = 8

/**
 * Whether exactly these bytes were signed by the pinned key. Nothing of the document is looked at before. No signature is
 * RELEASE_SIGNATURE_MISSING, never "unsigned but fine"; anything else that is wrong RELEASE_SIGNATURE_INVALID (F121).
 */
export async function verifySignature(document: Uint8Array, signature: Signature | null, key: PinnedKey): Promise<void> {
  if (signature === null) throw new HoldfastError("RELEASE_SIGNATURE_MISSING", { what: "the release has no signature" })
  if (signature.content.byteLength === 0) throw new HoldfastError("RELEASE_SIGNATURE_MISSING", { what: "the signature is empty" })
  if (signature.kind === "bundle") {
    // Loaded when the first bundle comes: detached signatures need none of it.
    const { verifyBundle } = await import("./bundle.ts")
    return verifyBundle(document, signature.content, key)
  }
  const der = readDetached(signature.content)
  if (!verify("sha256", document, { key: key.key, dsaEncoding: "der" }, der)) {
    throw signatureInvalid("it is not a signature of these bytes by the pinned key", key)
  }
}

/** Strict base64 of one DER signature; cosign writes no line feed, others one (F123). */
function readDetached(content: Uint8Array): Buffer {
  const text = Buffer.from(content)
    .toString("latin1")
    .replace(/\r?\n$/, "")
  const der = decodeStrictBase64(text)
  if (der === null) throw signatureInvalid("it is not plain base64")
  if (der.byteLength < MIN_DER_BYTES || der.byteLength > MAX_DER_BYTES) throw signatureInvalid(`it has ${der.byteLength} bytes`)
  return der
}
