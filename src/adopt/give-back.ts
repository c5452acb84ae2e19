/** Giving back single files of an adoption that was kept for a while: what others changed since is never thrown away. */
import { copyFile, lstat, readFile } from "node:fs/promises"
import { sha256 } from "../base/canonical-json.ts"
import { writeFileDurably } from "../base/durable-file.ts"
import type { RunContext } from "../base/run-context.ts"
import { dropFile, swapFileBack } from "../restore/file-swap.ts"
import { removeMember } from "../settings/edit-member.ts"
import type { PreparedFile } from "./prepared.ts"
import { takeSecretBack, type SecretChange } from "./secret-files.ts"

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

/** The very file of before. Of settings that were changed since, only the block of updates goes. Repeating it is harmless. */
export async function giveFileBack(file: PreparedFile, app: string): Promise<void> {
  const state = await stateOf(file)
  if (state === "nothing kept") return
  if (state === "changed since" && file.isSettings) {
    const text = await readFile(file.swap.live, "utf8")
    await writeFileDurably(file.swap.live, removeMember(text, ["apps", app, "updates"]), file.mode)
    return await dropFile(file.swap.kept)
  }
  if (state === "changed since") await copyFile(file.swap.live, adoptedCopy(file)).catch(ignoreMissing)
  await swapFileBack(file.swap)
  await dropFile(file.swap.failed)
}

function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT")) throw thrown
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

/**
 * A secret that the adoption made goes; one that somebody has filled or changed since stays, and that is said.
 * @param made path → SHA-256 of what was written
 */
export async function giveSecretBack(change: SecretChange, made: Readonly<Record<string, string>>, ctx: RunContext): Promise<void> {
  if (change.act === "make") {
    const now = await readFile(change.path).catch(() => null)
    const written = made[change.path]
    if (now !== null && now.byteLength > 0 && written !== undefined && sha256(now) !== written) {
      ctx.progress.warn(`${change.path} was changed after the adoption; it stays`)
      return
    }
  }
  await takeSecretBack(change)
}
