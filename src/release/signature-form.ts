import { HoldfastError } from "../base/errors.ts"
import type { PinnedKey } from "./public-key.ts"

/** Null unless the text is the only way to write these bytes in base64. */
export function decodeStrictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64")
  return bytes.toString("base64") === text ? bytes : null
}

/** RELEASE_SIGNATURE_INVALID with a reason. */
export function signatureInvalid(why: string, key?: PinnedKey): HoldfastError {
  const details = key === undefined ? {} : { pinned: key.fingerprint }
  return new HoldfastError("RELEASE_SIGNATURE_INVALID", { what: "the signature is not valid", why, details })
}
