import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto"
import { readPublicKey, type PublicKey } from "../release/public-key.ts"
import { BUNDLE_ENDING, SIGNATURE_ENDING } from "../release/place.ts"

/** What lies beside a signed document, by the ending of its name. */
export type SignedFiles = Readonly<Record<string, string>>

/** cosign's detached signature: base64 of the DER of ECDSA over SHA-256. */
export function signDocument(document: Uint8Array, key: KeyObject): string {
  return sign("sha256", document, { key, dsaEncoding: "der" }).toString("base64")
}

/** The public half, looked at as any other. */
export function publicKeyOf(key: KeyObject): PublicKey {
  return readPublicKey(String(createPublicKey(key).export({ type: "spki", format: "pem" })))
}

/** The same signature in both forms: detached, and as a sigstore bundle v0.3. */
export function signatureFiles(document: Uint8Array, key: KeyObject): SignedFiles {
  const signature = signDocument(document, key)
  return { [SIGNATURE_ENDING]: signature, [BUNDLE_ENDING]: bundleOf(document, signature, publicKeyOf(key)) }
}

function bundleOf(document: Uint8Array, signature: string, { fingerprint }: PublicKey): string {
  const digest = createHash("sha256").update(document).digest("base64")
  const hint = Buffer.from(fingerprint.replace("sha256:", ""), "hex").toString("base64")
  const bundle = {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint } },
    messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature },
  }
  return `${JSON.stringify(bundle)}\n`
}
