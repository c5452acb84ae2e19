/** The user that a throwaway server runs as: PostgreSQL refuses to run as root. */
import { userInfo } from "node:os"
import { HoldfastError } from "../../../base/errors.ts"
import type { Argv } from "../../../app/app.ts"
import type { Processes } from "../../process/process.ts"

export interface ServerUser {
  /** Null: we are not root, and the server runs as ourselves. */
  readonly ids: { readonly uid: number; readonly gid: number } | null
  as(argv: Argv): Argv
}

const CANDIDATES = ["postgres", "nobody"]

export async function serverUser(processes: Processes, signal: AbortSignal): Promise<ServerUser> {
  if (userInfo().uid !== 0) return { ids: null, as: (argv) => argv }
  for (const name of CANDIDATES) {
    const looked = await processes.run({ argv: ["getent", "passwd", name], signal })
    const [, , uid, gid] = looked.stdout.split(":")
    if (looked.exitCode !== 0 || uid === undefined || gid === undefined) continue
    // A change of user clears the death signal that the process room sets, so it is set once more after it.
    const prefix = ["--reuid", uid, "--regid", gid, "--clear-groups", "--pdeathsig", "KILL", "--"]
    return { ids: { uid: Number(uid), gid: Number(gid) }, as: (argv) => ["setpriv", ...prefix, ...argv] }
  }
  throw new HoldfastError("NOT_PERMITTED", { what: "no unprivileged user to run a throwaway PostgreSQL server as" })
}
