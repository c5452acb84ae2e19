import { BUNDLE_ENDING, SIGNATURE_ENDING } from "../release/place.ts"
import type { Signature } from "../release/signature.ts"
import type { SignedFiles } from "./sign.ts"

/** The signature among what lies beside a document: the detached one where there are both; null where there is none. */
export function signatureIn(beside: SignedFiles): Signature | null {
  const detached = beside[SIGNATURE_ENDING]
  if (detached !== undefined) return { kind: "detached", content: Buffer.from(detached) }
  const bundle = beside[BUNDLE_ENDING]
  return bundle === undefined ? null : { kind: "bundle", content: Buffer.from(bundle) }
}
