/**
 * Replacing a SQLite file by renames, so that a crash at any point is settled by doing it again (design §7.6).
 *
 * What must never be seen is a main file with another one's log: a stale `-wal` is replayed into whatever lies beside it and
 * every check says `ok`. Hence the order: (1) log and journal get a second name beside the kept file, (2) the main file is renamed,
 * (3) the first names of log and journal go, (4) only then the new main file takes the name. Each is durable before the next.
 * No checkpoint is needed, so a damaged database can be set aside too, byte for byte.
 */
import { constants } from "node:fs"
import { copyFile, link, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import type { ReplacementNames } from "../../../app/ports.ts"
import { syncDirectory } from "../../../base/durable-file.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { exists, SIDE_ENDINGS } from "./source-file.ts"

export interface SwapWatch {
  /** Throws when another process has one of these files open. */
  requireUnused(paths: readonly string[]): Promise<void>
  /** Called before each single change of the disk; tests stop there. */
  before?(change: string): void
}

/** The log's index is never kept: it is made anew from the log, and a stale one would lie. */
const KEPT_ENDINGS = ["-wal", "-journal"] as const

/** live becomes kept, staged becomes live. Repeating it is harmless. Throws DATABASE_MISSING when there is nothing to put in. */
export async function swapFileIn(names: ReplacementNames, watch: SwapWatch): Promise<void> {
  if (!(await exists(names.staged))) return await requirePlaced(names.live, names.staged)
  if (await exists(names.live)) {
    // Kept, live and staged at once: something made a new file while the name was free.
    const aside = (await exists(names.kept)) ? names.failed : names.kept
    await setAside(names.live, aside, watch)
  } else if (!(await exists(names.kept))) {
    await keepOrphans(names, watch)
  }
  await clearSides(names.live, watch)
  await clearSides(names.staged, watch)
  await move(names.staged, names.live, watch)
}

/** live becomes failed, kept becomes live. Repeating it is harmless. */
export async function swapFileBack(names: ReplacementNames, watch: SwapWatch): Promise<void> {
  if (!(await exists(names.kept))) return await backWithoutKept(names, watch)
  if (await exists(names.live)) await setAside(names.live, names.failed, watch)
  await clearSides(names.live, watch)
  for (const ending of KEPT_ENDINGS) await secondName(names.kept + ending, names.live + ending, watch)
  await syncDirectory(dirname(names.live))
  await move(names.kept, names.live, watch)
  await clearSides(names.kept, watch)
}

/** Done already, or never put in, or there was no database before: then the new one goes aside and nothing takes its place. */
async function backWithoutKept(names: ReplacementNames, watch: SwapWatch): Promise<void> {
  const [live, staged, failed] = [await exists(names.live), await exists(names.staged), await exists(names.failed)]
  if (!live) return
  // Still staged means never put in: the live file is the old one, and a kept log is only its second name.
  if (staged || failed) await clearSides(names.kept, watch)
  else await setAside(names.live, names.failed, watch)
}

/**
 * Moves a main file with its log and journal to another name that is free. From the rename on, the file under the new name is
 * complete, and what is left under the old name is only second names.
 */
async function setAside(from: string, to: string, watch: SwapWatch): Promise<void> {
  if (await exists(to)) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${from} cannot be set aside, ${to} is there already` })
  await watch.requireUnused([from])
  await clearSides(to, watch)
  for (const ending of KEPT_ENDINGS) await secondName(from + ending, to + ending, watch)
  await syncDirectory(dirname(to))
  await move(from, to, watch)
  await putBackIfUsed(from, to, watch)
  await clearSides(from, watch)
}

/** A program that opened the file a moment before the rename still writes to it: then it was too early. */
async function putBackIfUsed(from: string, to: string, watch: SwapWatch): Promise<void> {
  try {
    await watch.requireUnused([to])
  } catch (thrown) {
    await move(to, from, watch)
    await clearSides(to, watch)
    throw thrown
  }
}

/** A log whose main file is gone is all that is left of the old state. */
async function keepOrphans(names: ReplacementNames, watch: SwapWatch): Promise<void> {
  for (const ending of KEPT_ENDINGS) {
    if (!(await exists(names.kept + ending))) await secondName(names.live + ending, names.kept + ending, watch)
  }
  await syncDirectory(dirname(names.kept))
}

async function secondName(from: string, to: string, watch: SwapWatch): Promise<void> {
  if (!(await exists(from))) return
  watch.before?.(`link ${to}`)
  try {
    await link(from, to)
  } catch (thrown) {
    if (!isUnsupported(thrown)) throw thrown
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

/** A file system without hard links. */
function isUnsupported(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS"].includes(String(thrown.code))
}

async function clearSides(main: string, watch: SwapWatch): Promise<void> {
  let cleared = false
  for (const ending of SIDE_ENDINGS) {
    if (!(await exists(main + ending))) continue
    watch.before?.(`remove ${main + ending}`)
    await rm(main + ending)
    cleared = true
  }
  if (cleared) await syncDirectory(dirname(main))
}

async function move(from: string, to: string, watch: SwapWatch): Promise<void> {
  watch.before?.(`rename ${from} to ${to}`)
  await rename(from, to)
  await syncDirectory(dirname(to))
}

async function requirePlaced(live: string, staged: string): Promise<void> {
  if (await exists(live)) return
  throw new HoldfastError("DATABASE_MISSING", { what: `neither ${live} nor ${staged} exists`, hint: "Restore the database again." })
}
