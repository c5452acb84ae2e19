import { access, constants, stat } from "node:fs/promises"
import { watch } from "node:fs"
import { basename, dirname } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import { presentSettings, type PresentSettings } from "./last-good-settings.ts"

/** The settings that are in force: the file, read again when it changes; while it cannot be used, the last good ones. */
export interface SettingsKeeper {
  /** Throws SETTINGS_MISSING or SETTINGS_INVALID only when they were never good. */
  current(): Promise<Settings>
  /** Why the file cannot be used as it is; null when it can. */
  problem(): string | null
  /** Whether this process may not write the file, so that forms can say so. */
  readOnly(): Promise<boolean>
  /** Calls back soon after the file changed; `current` notices a change without it as well. */
  watch(changed: () => void): () => void
}

/** @param house whose `settings()` reads the file each time */
export function createSettingsKeeper(house: House): SettingsKeeper {
  let known: { readonly looks: string; readonly present: PresentSettings } | null = null
  let file: string | null = null

  const refresh = async (): Promise<PresentSettings> => {
    const looks = await looksOf(file)
    if (known !== null && known.looks === looks) return known.present
    const present = await presentSettings(house)
    file = present.settings?.file ?? file
    // Looked at before it was read: a change in between is seen the next time.
    known = { looks: looks ?? (await looksOf(file)) ?? "", present }
    if (present.problem !== null) house.log.warn("the settings cannot be used; the last good ones stay in force", { why: present.problem })
    return present
  }
  return {
    current: async () => {
      const { settings, problem } = await refresh()
      if (settings !== null) return settings
      throw new HoldfastError("SETTINGS_INVALID", { what: "the settings cannot be used", ...(problem === null ? {} : { why: problem }) })
    },
    problem: () => known?.present.problem ?? null,
    readOnly: async () => file !== null && !(await mayWrite(file)),
    watch: (changed) => watchFile(file, changed),
  }
}

/** Size, time and identity: an editor that replaces the file is noticed as well as one that writes into it. Null before it is known. */
async function looksOf(file: string | null): Promise<string | null> {
  if (file === null) return null
  const found = await stat(file).catch(() => null)
  return found === null ? "gone" : `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
}

async function mayWrite(file: string): Promise<boolean> {
  try {
    await access(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The folder is watched, because editors put a new file in the place of the old one. Where that cannot be done (some network file
 * systems), the looks that are compared with each pass have to do.
 */
function watchFile(file: string | null, changed: () => void): () => void {
  if (file === null) return () => undefined
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(file)) changed()
    })
    watcher.on("error", () => watcher.close())
    return () => watcher.close()
  } catch {
    return () => undefined
  }
}
