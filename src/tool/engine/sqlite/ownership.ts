import { chmod, chown, stat } from "node:fs/promises"
import { dirname } from "node:path"
import type { DatabaseShape } from "../../../app/ports.ts"
import { HoldfastError, messageOf } from "../../../base/errors.ts"

interface Ownership {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

const DEFAULT_MODE = 0o640

/** Owner and mode of a database file, as recorded beside its PRAGMA values. */
export async function readOwnership(path: string): Promise<Readonly<Record<string, string>>> {
  const status = await stat(path)
  return { file_owner: `${status.uid}:${status.gid}`, file_mode: (status.mode & 0o7777).toString(8).padStart(4, "0") }
}

/**
 * Gives a new database file the owner and mode of the one it will replace; where there is none, the recorded ones;
 * where none are recorded, the directory's owner and 0640. Throws NOT_PERMITTED.
 */
export async function adoptOwnership(path: string, live: string, shape: DatabaseShape | null): Promise<void> {
  const wanted = (await ofFile(live)) ?? recorded(shape) ?? (await ofDirectory(dirname(live)))
  const present = await stat(path)
  try {
    if (present.uid !== wanted.uid || present.gid !== wanted.gid) await chown(path, wanted.uid, wanted.gid)
    await chmod(path, wanted.mode)
  } catch (cause) {
    throw new HoldfastError("NOT_PERMITTED", { what: `cannot give ${path} to ${wanted.uid}:${wanted.gid}`, why: messageOf(cause), cause })
  }
}

async function ofFile(path: string): Promise<Ownership | null> {
  const status = await stat(path).catch(() => null)
  return status === null ? null : { uid: status.uid, gid: status.gid, mode: status.mode & 0o7777 }
}

async function ofDirectory(path: string): Promise<Ownership> {
  const { uid, gid } = await stat(path)
  return { uid, gid, mode: DEFAULT_MODE }
}

function recorded(shape: DatabaseShape | null): Ownership | null {
  const owner = /^(\d+):(\d+)$/.exec(shape?.pragmas["file_owner"] ?? "")
  const mode = /^[0-7]{3,4}$/.exec(shape?.pragmas["file_mode"] ?? "")
  return owner === null || mode === null ? null : { uid: Number(owner[1]), gid: Number(owner[2]), mode: Number.parseInt(mode[0], 8) }
}
