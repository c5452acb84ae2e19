import { createPublicKey, type KeyObject } from "node:crypto"
import { sha256 } from "../base/canonical-json.ts"
import { HoldfastError, messageOf } from "../base/errors.ts"

/** A public key that was looked at as a whole: exactly one, of the one type that is allowed. */
export interface PublicKey {
  /** `sha256:…` of its SubjectPublicKeyInfo: the fingerprint that is pinned and that people compare (C153). */
  readonly fingerprint: string
  /** As PEM, written anew. */
  readonly pem: string
  readonly key: KeyObject
}

declare const pinned: unique symbol

/** A key whose fingerprint is the pinned one; only such a key verifies anything. */
export type PinnedKey = PublicKey & { readonly [pinned]: true }

const MAX_CHARACTERS = 1000
/** Algorithm, curve, and a point with both coordinates: a compressed one would give the same key a second fingerprint. */
const USUAL_START = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex")
const ONE_KEY = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/

/** Reads one PEM public key. Two keys in a file, a private key, another type or curve, a key written in an unusual way: RELEASE_KEY_INVALID (F122). */
export function readPublicKey(text: string): PublicKey {
  const body = text.length > MAX_CHARACTERS ? undefined : ONE_KEY.exec(text)?.[1]
  if (body === undefined) throw invalid("it does not hold exactly one PEM block PUBLIC KEY")
  const written = Buffer.from(body, "base64")
  const key = parseKey(written)
  if (key.asymmetricKeyType !== "ec") throw invalid(`its type is ${key.asymmetricKeyType ?? "unknown"}`)
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve !== "prime256v1") throw invalid(`its curve is ${curve ?? "given by parameters"}`)
  const der = key.export({ type: "spki", format: "der" })
  if (!der.equals(written) || !der.subarray(0, USUAL_START.byteLength).equals(USUAL_START)) throw invalid("it is written in an unusual way")
  return { fingerprint: sha256(der), pem: String(key.export({ type: "spki", format: "pem" })), key }
}

/** The key, if its fingerprint is the one that the operator pinned. Throws RELEASE_KEY_NOT_PINNED, which says what to do. */
export function pinKey(key: PublicKey, fingerprint: string): PinnedKey {
  if (isPinned(key, fingerprint)) return key
  throw new HoldfastError("RELEASE_KEY_NOT_PINNED", {
    what: "the vendor's key is not the pinned one",
    why: `pinned is ${fingerprint}, this is ${key.fingerprint}`,
    details: { pinned: fingerprint, found: key.fingerprint },
  })
}

function isPinned(key: PublicKey, fingerprint: string): key is PinnedKey {
  return key.fingerprint === fingerprint
}

function parseKey(der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: "der", type: "spki" })
  } catch (thrown) {
    throw invalid(messageOf(thrown))
  }
}

function invalid(why: string): HoldfastError {
  return new HoldfastError("RELEASE_KEY_INVALID", { what: "the public key cannot be used", why })
}
