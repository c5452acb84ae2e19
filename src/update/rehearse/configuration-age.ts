import { lstat, readdir } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../../app/app.ts"

/**
 * When a compose file, a setting or a secret of the app was last changed, replaced, or given another mode or owner: the file system's own
 * instant, which no copy can set back. Null where there are none. What is missing is left to the capture, which names it.
 */
export async function configurationChangedAt(app: Pick<App, "configuration" | "secrets">): Promise<Date | null> {
  const newestMs = await newestChange([...app.configuration, ...app.secrets])
  return newestMs === 0 ? null : new Date(newestMs)
}

async function newestChange(paths: readonly string[]): Promise<number> {
  let newestMs = 0
  for (const path of paths) {
    const status = await lstat(path).catch(() => null)
    if (status === null) continue
    const inside = status.isDirectory() ? (await readdir(path)).map((name) => join(path, name)) : []
    newestMs = Math.max(newestMs, status.ctimeMs, await newestChange(inside))
  }
  return newestMs
}
