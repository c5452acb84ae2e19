/** Giving back single files of an adoption that was kept for a while: what others changed since is never thrown away. */
import { chown, link, lstat, readFile, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { sha256 } from "../base/canonical-json.ts"
import { syncDirectory, writeFileDurably } from "../base/durable-file.ts"
import type { RunContext } from "../base/run-context.ts"
import { dropFile, swapFileBack } from "../restore/file-swap.ts"
import { readMember, removeMember } from "../settings/edit-member.ts"
import { isRecord } from "../settings/member-value.ts"
import type { PreparedFile } from "./prepared.ts"
import { takeSecretBack, type SecretChange } from "./secret-files.ts"
import { ADDED_TO_A_BLOCK } from "./updates-block.ts"

export type FileState = "as adopted" | "changed since" | "nothing kept"

/** Whether a file is still what the adoption made of it, and whether what it was before is still there. */
export async function stateOf(file: PreparedFile): Promise<FileState> {
  if (!(await isThere(file.swap.kept))) return "nothing kept"
  const now = await readFile(file.swap.live).catch(() => null)
  return now !== null && sha256(now) === file.after ? "as adopted" : "changed since"
}

/** Where a file that was changed since goes, for whoever changed it. */
export function adoptedCopy(file: PreparedFile): string {
  return `${file.swap.live}.as-adopted`
}

/**
 * The very file of before. What somebody made of the edited one since is kept beside, but for settings: of these only what was put in
 * goes. Repeating it is harmless. Returns how it was found.
 */
export async function giveFileBack(file: PreparedFile, app: string): Promise<FileState> {
  const { swap } = file
  // It never came into its place.
  if (await isThere(swap.staged)) {
    await swapFileBack(swap)
    return "nothing kept"
  }
  const state = await stateOf(file)
  if (state === "nothing kept") return state
  if (state === "changed since" && file.isSettings) {
    await withoutUpdates(swap.live, await readFile(swap.kept, "utf8"), app)
    await dropFile(swap.kept)
    return state
  }
  if (state === "changed since") await keepAdopted(file)
  await swapFileBack(swap)
  await dropFile(swap.failed)
  return state
}

async function withoutUpdates(path: string, before: string, app: string): Promise<void> {
  const { mode, uid, gid } = await stat(path)
  await writeFileDurably(path, withoutAdded(await readFile(path, "utf8"), before, ["apps", app, "updates"]), mode & 0o7777)
  await chown(path, uid, gid)
}

/** The whole block, or of one that was there before what it lacked. */
function withoutAdded(text: string, before: string, block: readonly string[]): string {
  const had = readMember(before, block)
  if (!isRecord(had)) return removeMember(text, block)
  return ADDED_TO_A_BLOCK.reduce((left, name) => (name in had ? left : removeMember(left, [...block, name])), text)
}

/** The file itself gets a second name, so that owner and mode stay with it. */
async function keepAdopted(file: PreparedFile): Promise<void> {
  const { live } = file.swap
  if (!(await isThere(live))) return
  await dropFile(adoptedCopy(file))
  await link(live, adoptedCopy(file))
  await syncDirectory(dirname(live))
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

/** A secret that the adoption made goes; one that somebody has filled or changed since stays, and that is said. */
export async function giveSecretBack(change: SecretChange, ctx: RunContext): Promise<void> {
  if ((await takeSecretBack(change)) === "stays") ctx.progress.warn(`${change.path} was changed after the adoption; it stays`)
}
