import type { UpdateKeyOutput } from "../../../contract/output-update-find.ts"
import { putMember } from "../../../settings/edit-member.ts"
import { applyKeyChange, planKeyChange, type KeyChange } from "../../../update/find/change-key.ts"
import { readKeyFile } from "../../../update/find/vendor-key.ts"
import { editSettings } from "../../house/edit-settings.ts"
import { openUpdateSearch } from "../../house/look-for-updates.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import { HoldfastError } from "../../../base/errors.ts"

/** `holdfast update key` */
export const run: CommandRun = async (house, input) => {
  const app = input.required("app")
  const { tools, subject, rules, vaults, notices, ctx } = await openUpdateSearch(house, app)
  const change = await planKeyChange(tools, subject, rules, { unannounced: input.flag("unannounced") }, vaults, ctx)
  if (change === null) return nothingToChange(app, rules.product, await readKeyFile(app, rules))
  const given = input.text("confirm")
  if (given !== null && given.trim() !== change.to.fingerprint) throw otherFingerprint(change)
  const plan = [...planLines(change), ...notices.map((notice) => `note: ${notice}`)]
  if (input.flag("plan")) return { document: documentOf(change, false), lines: plan }
  await confirm(house, {
    plan,
    question: `Pin this key for updates of ${app}?`,
    given: false,
    word: change.to.fingerprint,
    givenWord: given?.trim() ?? null,
  })
  await applyKeyChange(tools.store, change, change.to.fingerprint, vaults, ctx)
  const { keyDigest } = change
  if (keyDigest !== null) await editSettings(house, (text) => putMember(text, ["apps", app, "updates", "keyDigest"], keyDigest))
  return {
    document: documentOf(change, true),
    lines: [`releases of ${change.product} are trusted by ${change.to.fingerprint} from now on`],
  }
}

function otherFingerprint({ from, to }: KeyChange): HoldfastError {
  return new HoldfastError("RELEASE_KEY_UNCONFIRMED", {
    what: "the fingerprint that was given is not that of the new key",
    why: `the new key is ${to.fingerprint}`,
    hint: "Nothing was changed. Ask the vendor, on another way than the address of the releases, which one is right.",
    details: { pinned: from, announced: to.fingerprint },
  })
}

function nothingToChange(
  app: string,
  product: string,
  { key, path }: Awaited<ReturnType<typeof readKeyFile>>,
): Awaited<ReturnType<CommandRun>> {
  const document: UpdateKeyOutput = {
    format: "holdfast.update-key",
    version: 1,
    app,
    product,
    from: key.fingerprint,
    to: key.fingerprint,
    announced: null,
    keyFile: path,
    changed: false,
  }
  return { document, lines: [`releases of ${product} are trusted by ${key.fingerprint}; no other key is announced`] }
}

function documentOf({ app, product, from, to, announced, keyFile }: KeyChange, changed: boolean): UpdateKeyOutput {
  return {
    format: "holdfast.update-key",
    version: 1,
    app,
    product,
    from,
    to: to.fingerprint,
    announced: announced === null ? null : new Date(announced).toISOString(),
    keyFile,
    changed,
  }
}

function planLines({ app, product, from, to, announced, keyFile, writesFile, keyDigest }: KeyChange): readonly string[] {
  return [
    `updates of ${app}: releases of ${product} would be trusted by another key`,
    `  pinned now:  ${from}`,
    `  new:         ${to.fingerprint}`,
    announced === null
      ? "warning: nobody announced this key; take it only if the vendor told you its fingerprint on another way than the address of the releases"
      : `announced by the holder of the pinned key at ${announced}; compare it with what the vendor tells on another way`,
    ...(writesFile ? [`writes the new key into ${keyFile}`] : []),
    ...(keyDigest === null ? [] : ["writes its fingerprint into the settings (updates.keyDigest)"]),
    "seals in the vaults that this key is pinned, so that no earlier one comes back with older settings",
  ]
}
