import { z } from "zod"
import { canonicalJson } from "../base/canonical-json.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import { issueText } from "./issue-text.ts"
import { pinKey, readPublicKey, type PinnedKey, type PublicKey } from "./public-key.ts"
import { verifySignature, type Signature } from "./signature.ts"
import { readStrictJson } from "./strict-json.ts"

/** A key that the holder of the pinned one announces. It counts for nothing until the operator has confirmed it. */
export interface AnnouncedKey {
  readonly key: PublicKey
  readonly replaces: string
  readonly issued: string
}

export interface KeyAnnouncement {
  readonly product: string
  /** Fingerprint of the key that signs this. */
  readonly replaces: string
  /** The new key as PEM. */
  readonly key: string
  readonly issued: string
}

const announcementSchema = z.strictObject({
  format: z.literal("holdfast.release-key"),
  formatVersion: z.literal(1),
  product: z.string(),
  replaces: z.string(),
  key: z.string().max(1000),
  issued: z.iso.datetime({ precision: 0 }),
})

/** The text of an announcement, to be signed with the old key. */
export function announcementText(announcement: KeyAnnouncement): string {
  return `${canonicalJson({ format: "holdfast.release-key", formatVersion: 1, ...announcement })}\n`
}

/**
 * The new key, if the pinned one announces it for this product. Throws RELEASE_SIGNATURE_MISSING, RELEASE_SIGNATURE_INVALID,
 * RELEASE_INVALID, RELEASE_OTHER_PRODUCT, RELEASE_KEY_INVALID.
 */
export async function readKeyAnnouncement(
  document: Uint8Array,
  signature: Signature | null,
  pinned: PinnedKey,
  product: string,
): Promise<AnnouncedKey> {
  const bytes = Uint8Array.from(document)
  await verifySignature(bytes, signature, pinned)
  const reading = readStrictJson(bytes)
  if (!reading.ok) throw invalid(reading.why)
  const parsed = announcementSchema.safeParse(reading.value)
  if (!parsed.success) throw invalid(issueText(parsed.error))
  const announced = parsed.data
  if (announced.product !== product) {
    throw new HoldfastError("RELEASE_OTHER_PRODUCT", { what: `a key of ${announced.product} is announced, not of ${product}` })
  }
  if (announced.replaces !== pinned.fingerprint) throw invalid("it replaces another key than the pinned one")
  return { key: readPublicKey(announced.key), replaces: announced.replaces, issued: announced.issued }
}

/** The announced key as the pinned one, once the operator has typed its whole fingerprint. Throws RELEASE_KEY_UNCONFIRMED. */
export function confirmKey(announced: AnnouncedKey, typed: string): PinnedKey {
  if (typed.trim() === announced.key.fingerprint) return pinKey(announced.key, announced.key.fingerprint)
  throw unconfirmed(announced)
}

/**
 * What to tell when a release is not signed by the pinned key: that its vendor announces another one, if the pinned key says so; else that
 * an unannounced key is never taken over (C153). Hands on every other error.
 */
export function refuseUnknownKey(refusal: unknown, pinned: PinnedKey, announced: AnnouncedKey | null): unknown {
  if (!isHoldfastError(refusal, "RELEASE_SIGNATURE_INVALID")) return refusal
  if (announced !== null) return unconfirmed(announced)
  return new HoldfastError("RELEASE_SIGNATURE_INVALID", {
    what: "the release is not signed by the pinned key",
    why: `${refusal.why ?? "the signature is not valid"}; pinned is ${pinned.fingerprint}, and it announces no other key`,
    hint: "Nothing was installed. Never take over a key that was not announced: ask the vendor, on another way than this address, whether the key was changed. A changed key comes with an announcement that the pinned one signed.",
    cause: refusal,
    details: { pinned: pinned.fingerprint },
  })
}

function unconfirmed({ key, replaces }: AnnouncedKey): HoldfastError {
  return new HoldfastError("RELEASE_KEY_UNCONFIRMED", {
    what: "the vendor announces a new key, which was not confirmed here",
    why: `${replaces} announces ${key.fingerprint}`,
    details: { pinned: replaces, announced: key.fingerprint },
  })
}

function invalid(why: string): HoldfastError {
  return new HoldfastError("RELEASE_INVALID", { what: "the announcement of a key is not valid", why })
}
