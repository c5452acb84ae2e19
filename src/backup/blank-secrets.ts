import type { Stats } from "node:fs"
import { lstat, readFile, readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"

const MAX_BLANK_BYTES = 4096

/**
 * Throws SECRET_MISSING for a secret path that is not there and SECRET_EMPTY for secret files without content (zero bytes or
 * only white space), all of them named, except those that the recipe allows to be blank (C123, C133).
 */
export async function refuseBlankSecrets(app: App): Promise<void> {
  const blank: string[] = []
  for (const path of app.secrets) blank.push(...(await blankFiles(path, await statusOf(path))))
  const refused = blank.filter((path) => !blankAllowed(app, path))
  if (refused.length === 0) return
  throw new HoldfastError("SECRET_EMPTY", { what: `${refused.length === 1 ? "a secret is" : "secrets are"} blank: ${refused.join(", ")}` })
}

/** A recipe names a file below the project's folder; the settings may have it elsewhere. */
function blankAllowed(app: App, path: string): boolean {
  const facts = app.recipe?.secretFacts ?? []
  return facts.some(({ blankAllowed: allowed, file }) => allowed === true && file !== undefined && path.endsWith(join("/", file)))
}

async function blankFiles(path: string, status: Stats): Promise<readonly string[]> {
  if (status.isDirectory()) {
    const inside = (await readdir(path)).map((name) => join(path, name))
    const nested = await Promise.all(inside.map(async (one) => await blankFiles(one, await lstat(one))))
    return nested.flat()
  }
  if (!status.isFile() || status.size > MAX_BLANK_BYTES) return []
  return (await readFile(path, "utf8")).trim() === "" ? [path] : []
}

/** Of what the path leads to, because that is what is captured. */
async function statusOf(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (cause) {
    throw new HoldfastError("SECRET_MISSING", { what: `the secret ${path} is not there`, cause })
  }
}
