import { readFile } from "node:fs/promises"
import type { UpdateRules } from "../../app/app.ts"
import { sha256 } from "../../base/canonical-json.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { Store } from "../../operation/ports.ts"
import { pinnedReleaseKey } from "../../recovery-point/release-marks.ts"
import { pinKey, readPublicKey, type PinnedKey, type PublicKey } from "../../release/public-key.ts"

/** The vendor's key as the file holds it, not yet compared with anything. */
export interface KeyFile {
  readonly path: string
  readonly key: PublicKey
  /** `sha256:…` of the file's bytes, which some vendors tell instead of the key's fingerprint. */
  readonly fileDigest: string
}

/** Throws UPDATES_NOT_SET_UP where the settings name no file, RELEASE_KEY_INVALID for one that cannot be read or holds no key. */
export async function readKeyFile(app: string, { keyFile }: Pick<UpdateRules, "keyFile">): Promise<KeyFile> {
  if (keyFile === null) throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `the vendor's key for updates of ${app} is not set` })
  let bytes: Buffer
  try {
    bytes = await readFile(keyFile)
  } catch (cause) {
    throw new HoldfastError("RELEASE_KEY_INVALID", { what: `the vendor's key ${keyFile} cannot be read`, why: messageOf(cause), cause })
  }
  return { path: keyFile, key: readPublicKey(bytes.toString("utf8")), fileDigest: sha256(bytes) }
}

/**
 * The key of the file, if it is the pinned one: by the settings (`keyDigest`), and by what the vaults remember of the last key that was
 * used or confirmed here. The marks of the vaults must have been read into the store before (`highestReleaseSeen`), so that an older
 * store, or older settings that were restored, bring no earlier key back. Throws RELEASE_KEY_NOT_PINNED and what `readKeyFile` throws.
 */
export async function vendorKey(store: Pick<Store, "value">, app: string, rules: UpdateRules): Promise<PinnedKey> {
  const file = await readKeyFile(app, rules)
  const remembered = await pinnedReleaseKey(store, app, rules.product)
  const expected = remembered ?? file.key.fingerprint
  if (!isNamedBy(rules.keyDigest, file)) throw notPinned(app, file, rules.keyDigest ?? expected, "`updates.keyDigest` of the settings")
  if (expected !== file.key.fingerprint) throw notPinned(app, file, expected, "the vault's record of the last key")
  return pinKey(file.key, expected)
}

/** Whether the settings mean this key; where they name none, the file decides. */
export function isNamedBy(keyDigest: string | null, { key, fileDigest }: KeyFile): boolean {
  return keyDigest === null || keyDigest === key.fingerprint || keyDigest === fileDigest
}

function notPinned(app: string, { path, key }: KeyFile, pinned: string, by: string): HoldfastError {
  return new HoldfastError("RELEASE_KEY_NOT_PINNED", {
    what: `the key in ${path} is not the pinned one`,
    why: `pinned by ${by} is ${pinned}, the file holds ${key.fingerprint}`,
    hint: `Nothing was installed. Put the pinned key back into the file. A key that the vendor changed is taken over by \`holdfast update key ${app} --confirm FINGERPRINT\`, after comparing the fingerprint on another way than the address of the releases.`,
    details: { pinned, found: key.fingerprint },
  })
}
