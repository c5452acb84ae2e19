import { readFile } from "node:fs/promises"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import { replaceFile } from "../../base/replace-file.ts"
import { parseSettings } from "../../settings/parse.ts"
import type { House } from "./house.ts"

/**
 * Changes the settings file for a command, and proves before it is written that it can still be used.
 * @returns the file's path
 * @throws SETTINGS_READ_ONLY, SETTINGS_INVALID, SETTINGS_CHANGED when somebody else changed it meanwhile
 */
export async function editSettings(house: Pick<House, "settings">, edit: (text: string) => string): Promise<string> {
  const { file } = await house.settings()
  if (file === null)
    throw new HoldfastError("SETTINGS_READ_ONLY", {
      what: "there is no settings file to change",
      why: "the settings come from the environment",
    })
  const before = await readFile(file, "utf8")
  const after = edit(before)
  if (after === before) return file
  parseSettings(after, file)
  if ((await readFile(file, "utf8")) !== before)
    throw new HoldfastError("SETTINGS_CHANGED", { what: "the settings file was changed meanwhile" })
  try {
    await replaceFile(file, after)
  } catch (cause) {
    throw new HoldfastError("SETTINGS_READ_ONLY", { what: "the settings file could not be written", why: messageOf(cause), cause })
  }
  return file
}
