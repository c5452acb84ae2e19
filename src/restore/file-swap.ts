import { link, lstat, rename, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { syncDirectory } from "../base/durable-file.ts"

/** One file that is replaced by rename; all names lie in its own directory. */
export interface FileSwap {
  readonly live: string
  readonly staged: string
  readonly kept: string
  readonly failed: string
  /** Whether there was a live file at all. */
  readonly existed: boolean
  /** Undoing a restore that made the file: the swap removes it. */
  readonly removes: boolean
}

/** Names the files of one replacement. Nothing is changed. */
export async function planFileSwap(live: string, operationId: string): Promise<FileSwap> {
  const beside = (word: string): string => join(dirname(live), `.${basename(live)}.holdfast-${word}-${operationId}`)
  return { live, staged: beside("staged"), kept: beside("kept"), failed: beside("failed"), existed: await exists(live), removes: false }
}

/** staged becomes live, live becomes kept. There is a live file at every moment, and repeating it is harmless. */
export async function swapFileIn(swap: FileSwap): Promise<void> {
  if (swap.removes) return await removeLive(swap)
  if (!(await exists(swap.staged))) return
  if (swap.existed && !(await exists(swap.kept))) await link(swap.live, swap.kept)
  await rename(swap.staged, swap.live)
  await syncDirectory(dirname(swap.live))
}

async function removeLive(swap: FileSwap): Promise<void> {
  if (!(await exists(swap.live))) return
  if (!(await exists(swap.kept))) await link(swap.live, swap.kept)
  await dropFile(swap.live)
  await syncDirectory(dirname(swap.live))
}

/** kept becomes live again; what was live is set aside as failed. Repeating it is harmless. */
export async function swapFileBack(swap: FileSwap): Promise<void> {
  if (await exists(swap.staged)) {
    await dropFile(swap.staged)
    await dropFile(swap.kept)
    return
  }
  if (swap.existed && !(await exists(swap.kept))) return
  if (!(await exists(swap.failed)) && (await exists(swap.live))) await link(swap.live, swap.failed)
  if (swap.existed) await restoreKept(swap)
  else await dropFile(swap.live)
  await syncDirectory(dirname(swap.live))
}

/** A rename between two names of one file does nothing and leaves both, so the second name is removed by itself. */
async function restoreKept(swap: FileSwap): Promise<void> {
  await rename(swap.kept, swap.live)
  await dropFile(swap.kept)
}

/** Removes a staged, kept or failed file; one that is not there is fine. */
export async function dropFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}
