import { readFile } from "node:fs/promises"
import { z } from "zod"
import { isHoldfastError } from "../../base/errors.ts"
import { parseSettings } from "../../settings/parse.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"

export interface PresentSettings {
  /** The file as it is, else as it last was when it could be used; null when that was never. */
  readonly settings: Settings | null
  /** Why the file cannot be used; null when it can. */
  readonly problem: string | null
}

const keptSchema = z.object({ file: z.string(), directory: z.string(), text: z.string() })
const NAME = "settings-last-good"

/** A broken file must not silence anybody: who is to be told stands in it, so the last good text is kept in the store. */
export async function presentSettings(house: House): Promise<PresentSettings> {
  try {
    const settings = await house.settings()
    await keep(house, settings)
    return { settings, problem: null }
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return { settings: await lastGood(house), problem: `${thrown.message}${thrown.why === undefined ? "" : ` (${thrown.why})`}` }
  }
}

async function keep(house: House, { file, directory }: Settings): Promise<void> {
  if (file === null) return
  const store = await house.use.store()
  const text = await readFile(file, "utf8")
  const kept = JSON.stringify({ file, directory, text })
  if ((await store.value(NAME)) !== kept && isGood(text, file)) await store.setValue(NAME, kept)
}

/** The file may have been changed since it was parsed. */
function isGood(text: string, file: string): boolean {
  try {
    parseSettings(text, file)
    return true
  } catch (thrown) {
    if (isHoldfastError(thrown)) return false
    throw thrown
  }
}

async function lastGood(house: House): Promise<Settings | null> {
  const value = await (await house.use.store()).value(NAME)
  const kept = value === null ? null : keptSchema.parse(JSON.parse(value))
  if (kept === null) return null
  const { file, directory, text } = kept
  return { ...parseSettings(text, file), file, directory, environment: house.environment }
}
