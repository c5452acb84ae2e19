import { constants } from "node:fs"
import { access, readFile, realpath } from "node:fs/promises"
import { dirname } from "node:path"
import { sha256 } from "../../base/canonical-json.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import { replaceFile } from "../../base/replace-file.ts"
import type { SettingsFile } from "../../contract/api/schedules.ts"
import { parseSettings } from "../../settings/parse.ts"
import { lineDifference } from "./line-difference.ts"
import type { Ground } from "./ground.ts"

const SEEN_KEPT = 20

export interface ReadFile extends SettingsFile {
  readonly text: string
}

/** The settings file as it is now; without a file (drop-in use) there is nothing to write. */
export async function readSettingsFile({ house, seenTexts }: Pick<Ground, "house" | "seenTexts">): Promise<ReadFile> {
  const path = (await house.settings()).file
  if (path === null)
    return { path: null, digest: null, writable: false, why: "the settings come from the environment, not from a file", text: "" }
  const text = await readFile(path, "utf8")
  const digest = sha256(text)
  seenTexts.set(digest, text)
  const [oldest] = seenTexts.keys()
  if (seenTexts.size > SEEN_KEPT && oldest !== undefined) seenTexts.delete(oldest)
  const why = await whyReadOnly(path)
  return { path, digest, writable: why === null, why, text }
}

/** For the answer: without the text. */
export function shownFile({ path, digest, writable, why }: ReadFile): SettingsFile {
  return { path, digest, writable, why }
}

/**
 * Changes the settings file and proves that it can still be used before it is written.
 * @param ifMatch digest of the text that the change was made for, as in `If-Match`
 * @param mayRead whether the one who asks may see lines of the whole file, in the difference to what somebody else has made of it
 * @returns the new digest
 * @throws SETTINGS_CHANGED with the difference, SETTINGS_READ_ONLY, SETTINGS_INVALID, REQUEST_INVALID without `ifMatch`
 */
export async function changeSettings(
  ground: Ground,
  ifMatch: string | null,
  edit: (text: string) => string,
  mayRead = true,
): Promise<string> {
  const digest = ifMatch?.replace(/^W\//, "").replaceAll('"', "") ?? ""
  if (digest === "")
    throw new HoldfastError("REQUEST_INVALID", {
      what: "the header If-Match is missing",
      hint: "Send the digest of the file that the change is made for.",
    })
  return await ground.inTurn(async () => await changeIt(ground, digest, edit, mayRead))
}

async function changeIt(ground: Ground, digest: string, edit: (text: string) => string, mayRead: boolean): Promise<string> {
  const file = await readSettingsFile(ground)
  if (file.path === null || !file.writable)
    throw new HoldfastError("SETTINGS_READ_ONLY", { what: "the settings file cannot be written", why: file.why ?? "unknown" })
  if (file.digest !== digest) throw changed(ground, digest, file, mayRead)
  const text = edit(file.text)
  parseSettings(text, file.path)
  await replace(file.path, text)
  ground.seenTexts.set(sha256(text), text)
  ground.live.tell({ type: "settings", app: null, operation: null })
  return sha256(text)
}

function changed({ seenTexts }: Ground, digest: string, file: ReadFile, mayRead: boolean): HoldfastError {
  const before = mayRead ? seenTexts.get(digest) : undefined
  const difference = before === undefined ? [] : lineDifference(before, file.text)
  return new HoldfastError("SETTINGS_CHANGED", {
    what: "the settings file was changed meanwhile",
    details: { digest: file.digest ?? "", difference: [...difference] },
  })
}

/** A rename keeps whoever reads meanwhile from half a file. */
async function replace(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text)
  } catch (thrown) {
    throw new HoldfastError("SETTINGS_READ_ONLY", { what: "the settings file could not be written", why: messageOf(thrown), cause: thrown })
  }
}

async function whyReadOnly(path: string): Promise<string | null> {
  const real = await realpath(path)
  for (const place of [real, dirname(real)]) {
    try {
      await access(place, constants.W_OK)
    } catch (thrown) {
      return `${place} cannot be written (${messageOf(thrown)})`
    }
  }
  return null
}
