import type { UpdateRules } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import { replaceFile } from "../../base/replace-file.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Store } from "../../operation/ports.ts"
import { highestReleaseSeen, pinnedReleaseKey, recordReleaseKey } from "../../recovery-point/release-marks.ts"
import { fetchAnnouncement } from "../../release/fetch-release.ts"
import { pinKey, type PublicKey } from "../../release/public-key.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { openSource } from "./signed-releases.ts"
import { isNamedBy, readKeyFile, type KeyFile } from "./vendor-key.ts"

/** Another key of the vendor in the place of the one that is pinned, before anybody has confirmed it. */
export interface KeyChange {
  readonly app: string
  readonly product: string
  /** Fingerprint of the key that is pinned now. */
  readonly from: string
  readonly to: PublicKey
  /** When the holder of the pinned key announced it; null where nobody did. */
  readonly announced: string | null
  readonly keyFile: string
  /** The file holds another key still. */
  readonly writesFile: boolean
  /** The settings name another key still: `updates.keyDigest` becomes this. */
  readonly keyDigest: string | null
}

/**
 * The key that may take the pinned one's place: the one that the pinned key announces; or, where the vendor lost its key, the one that
 * the operator put into the key file (`unannounced`). What an interrupted change left is planned again to its end; null when there is
 * nothing left to change. Changes nothing. Throws RELEASE_KEY_NOT_PINNED, RELEASE_SOURCE_*, RELEASE_KEY_INVALID.
 */
export async function planKeyChange(
  tools: Pick<FindTools, "store" | "releases">,
  { app }: FindSubject,
  rules: UpdateRules,
  options: { readonly unannounced: boolean },
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<KeyChange | null> {
  const { product, channel } = rules
  await highestReleaseSeen(vaults, tools.store, app.name, { product, channel }, ctx)
  const file = await readKeyFile(app.name, rules)
  const pinned = (await pinnedReleaseKey(tools.store, app.name, product)) ?? file.key.fingerprint
  const next = options.unannounced ? { key: file.key, announced: null } : await announcedKey(tools, app.name, rules, file, pinned, ctx)
  const { key, announced } = next ?? { key: file.key, announced: null }
  const writesFile = file.key.fingerprint !== key.fingerprint
  const keyDigest =
    rules.keyDigest === null || isNamedBy(rules.keyDigest, { ...file, key, fileDigest: writesFile ? "" : file.fileDigest })
      ? null
      : key.fingerprint
  if (pinned === key.fingerprint && !writesFile && keyDigest === null) return null
  // Without a word of the vendor only what was confirmed before is brought to its end.
  if (next === null && pinned !== key.fingerprint) throw notAnnounced(app.name, file, pinned)
  return { app: app.name, product, from: pinned, to: key, announced, keyFile: file.path, writesFile, keyDigest }
}

/**
 * Pins the key that was confirmed: first in the vaults, then in the file. Killed in between, it is planned again with the rest of it. The
 * settings are the caller's to edit. Throws RELEASE_KEY_UNCONFIRMED unless the whole fingerprint was typed.
 */
export async function applyKeyChange(
  store: Store,
  change: KeyChange,
  typed: string,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<void> {
  const { app, product, from, to } = change
  if (typed.trim() !== to.fingerprint) {
    throw new HoldfastError("RELEASE_KEY_UNCONFIRMED", {
      what: "this is not the fingerprint of the new key",
      why: `it is ${to.fingerprint}`,
      details: { pinned: from, announced: to.fingerprint },
    })
  }
  await recordReleaseKey(vaults, store, app, { product, fingerprint: to.fingerprint, replaces: from }, ctx)
  if (change.writesFile) await replaceFile(change.keyFile, to.pem)
}

/** What the file's key announces, if it is the pinned one, or was until a change that was interrupted; null when it announces nothing. */
async function announcedKey(
  { releases }: Pick<FindTools, "releases">,
  app: string,
  rules: UpdateRules,
  file: KeyFile,
  pinned: string,
  ctx: RunContext,
): Promise<{ readonly key: PublicKey; readonly announced: string } | null> {
  const own = pinKey(file.key, file.key.fingerprint)
  const found = await fetchAnnouncement(openSource(releases, app, rules), { key: own, product: rules.product }, ctx)
  if (found === null) return null
  if (file.key.fingerprint !== pinned && found.key.fingerprint !== pinned) throw notAnnounced(app, file, pinned)
  return { key: found.key, announced: found.issued }
}

function notAnnounced(app: string, { path, key }: KeyFile, pinned: string): HoldfastError {
  return new HoldfastError("RELEASE_KEY_NOT_PINNED", {
    what: "the pinned key announces no other key",
    why: `pinned is ${pinned}, ${path} holds ${key.fingerprint}`,
    hint: `Put the pinned key back into the file. If the vendor lost its key and told you the new fingerprint on another way than the address of the releases, put the new key into the file and run \`holdfast update key ${app} --unannounced\`.`,
    details: { pinned, found: key.fingerprint },
  })
}
