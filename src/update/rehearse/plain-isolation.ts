/**
 * What keeps a rehearsed command of a plain program from the live app: namespaces of its own, in which there is no network and the live data
 * cannot be written. Where the system does not allow them, its environment alone leads it to the copy; that is said.
 */
import { dirname } from "node:path"
import type { App, Argv } from "../../app/app.ts"
import type { CommandRunner } from "../../app/ports.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"

/** Wraps the command of a rehearsal. */
export type Isolation = (argv: Argv) => Argv

/** Each directory before `--` is mounted over itself, read-only; what follows is run. */
const SCRIPT = `set -e
while [ "$1" != -- ]; do
  mount --bind -- "$1" "$1"
  mount -o remount,bind,ro -- "$1"
  shift
done
shift
ip link set lo up 2>/dev/null || true
exec "$@"`

const UNSHARE = ["unshare", "--mount", "--propagation", "private", "--net"] as const

/** Where the live data of the app lies: what a rehearsal must not write. */
export function liveDirectories(app: App): readonly string[] {
  const places = [
    ...app.databases.flatMap((source) => (source.engine === "sqlite" && !("volume" in source.place) ? [dirname(source.place.path)] : [])),
    ...app.files.flatMap(({ place }) => ("volume" in place ? [] : [place.path])),
  ]
  return [...new Set(places)].toSorted()
}

/** Null where this machine does not let us make namespaces, with or without being root. */
export async function isolationFor(commands: CommandRunner, app: App, ctx: RunContext): Promise<Isolation | null> {
  const own = liveDirectories(app)
  for (const start of [UNSHARE, [...UNSHARE, "--user", "--map-root-user"] as const]) {
    const isolate: Isolation = (argv) => [...start, "sh", "-c", SCRIPT, "sh", ...own, "--", ...argv]
    if (await works(commands, isolate(["true"]), ctx)) return isolate
  }
  return null
}

async function works(commands: CommandRunner, argv: Argv, ctx: RunContext): Promise<boolean> {
  try {
    return (await commands.run(argv, { timeoutMs: 10_000 }, ctx)).exitCode === 0
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (isHoldfastError(thrown)) return false
    throw thrown
  }
}
