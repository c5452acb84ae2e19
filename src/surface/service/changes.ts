import { createHash } from "node:crypto"
import { lstat, readdir, readFile, readlink } from "node:fs/promises"
import { join } from "node:path"
import type { App } from "../../app/app.ts"
import type { House } from "../house/house.ts"

export interface Changes {
  readonly changed: boolean
  /** Of everything that the app's secrets and configuration are now. */
  readonly digest: string
}

/** Whether secrets and configuration differ from those of the last point that this schedule took. Without one, they do. */
export async function changesOf(house: House, app: App, schedule: string): Promise<Changes> {
  const hash = createHash("sha256")
  for (const path of [...app.secrets, ...app.configuration].toSorted()) await addPath(path, hash)
  const digest = hash.digest("hex")
  return { changed: (await (await house.use.store()).value(digestName(app.name, schedule))) !== digest, digest }
}

/** To be called once the point is sealed. */
export async function rememberChanges(house: House, app: string, schedule: string, digest: string): Promise<void> {
  await (await house.use.store()).setValue(digestName(app, schedule), digest)
}

function digestName(app: string, schedule: string): string {
  return `changes:${app}:${schedule}`
}

/** Names, owners, modes and content; times are left out, because a file that was saved again unchanged is no new version. */
async function addPath(path: string, hash: ReturnType<typeof createHash>): Promise<void> {
  const found = await lstat(path).catch(() => null)
  hash.update(JSON.stringify([path, found === null ? null : [found.mode, found.uid, found.gid]]))
  if (found === null) return
  if (found.isSymbolicLink()) hash.update(await readlink(path))
  if (found.isFile())
    hash.update(
      createHash("sha256")
        .update(await readFile(path))
        .digest(),
    )
  if (found.isDirectory()) for (const name of (await readdir(path)).toSorted()) await addPath(join(path, name), hash)
}
