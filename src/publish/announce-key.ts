import type { KeyObject } from "node:crypto"
import { announcementText } from "../release/key-rotation.ts"
import { ANNOUNCEMENT_FILE } from "../release/place.ts"
import type { PublicKey } from "../release/public-key.ts"
import type { ReleaseDirectory } from "./directory.ts"
import { publicKeyOf, signatureFiles } from "./sign.ts"

/**
 * Says in the directory that a new key follows, signed with the old one. Whoever follows is asked to confirm it; only then should the
 * first release be signed with it.
 */
export async function announceKey(
  directory: ReleaseDirectory,
  { product, key, old, now }: { readonly product: string; readonly key: PublicKey; readonly old: KeyObject; readonly now: Date },
): Promise<string> {
  const issued = now.toISOString().replace(/\.\d+Z$/, "Z")
  const text = announcementText({ product, replaces: publicKeyOf(old).fingerprint, key: key.pem, issued })
  await directory.exclusively(
    async () => await directory.replace(ANNOUNCEMENT_FILE, Buffer.from(text), signatureFiles(Buffer.from(text), old)),
  )
  return ANNOUNCEMENT_FILE
}
