/** Client programs inside the running database container: the last resort, because a cancelled exec goes on inside. */
import { randomBytes } from "node:crypto"
import type { Argv } from "../../../app/app.ts"
import type { ContainerEngine, ExecResult } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { Secret } from "../../../base/secret.ts"
import type { ToolRun, ToolRunner } from "./access.ts"
import { parseToolVersion } from "./clients.ts"
import { connectionEnvironment, streams } from "./local-tools.ts"
import { conninfo, passFileLine } from "./quote.ts"

export interface ExecPlace {
  readonly containerId: string
  /** Null: the server's local socket. */
  readonly host: string | null
  readonly port: number
  readonly user: string
  readonly password: Secret | null
}

/** `$1` is a file with our process id, for ending it; the rest is the command. */
const RECORDED = 'umask 077; echo $$ > "$1"; shift; exec "$@"'
const WRITE_FILE = 'umask 077; cat > "$1"'
const END_RECORDED = 'if [ -s "$1" ]; then kill "$(cat "$1")" 2>/dev/null; fi; rm -f "$1" "$2"'
const CLEAN_UP_LIMIT_MS = 15_000

export function execTools(containers: ContainerEngine, place: ExecPlace, version: string): ToolRunner {
  return { version, run: async (run, ctx) => await runRecorded(containers, place, run, ctx) }
}

export async function execVersion(containers: ContainerEngine, containerId: string, ctx: RunContext): Promise<string> {
  const result = await containers.exec(containerId, ["pg_dump", "--version"], {}, ctx)
  const version = result.exitCode === 0 ? parseToolVersion(result.stdout) : null
  if (version !== null) return version
  throw new HoldfastError("CONTAINER_FAILED", { what: "the database's container has no pg_dump", why: result.stderrTail })
}

export function execEnvironment(place: ExecPlace, ctx: RunContext): Record<string, string> {
  return {
    ...connectionEnvironment(ctx),
    PGUSER: place.user,
    PGPORT: String(place.port),
    ...(place.host === null ? {} : { PGHOST: place.host }),
  }
}

/** The password goes into a file of the container (0600) by standard input, because an exec's environment can be inspected. */
async function runRecorded(containers: ContainerEngine, place: ExecPlace, run: ToolRun, ctx: RunContext): Promise<ExecResult> {
  const mark = `/tmp/.holdfast-${ctx.operationId}-${randomBytes(4).toString("hex")}`
  const passFile = `${mark}.pass`
  const processFile = `${mark}.pid`
  try {
    if (place.password !== null) await writeInside(containers, place, passFile, passFileLine(place.password.reveal()), ctx)
    const command = [run.program, ...run.args, "--no-password", `--dbname=${conninfo(run.database)}`]
    const argv: Argv = ["sh", "-c", RECORDED, "sh", processFile, ...command]
    const environment = { ...execEnvironment(place, ctx), ...(place.password === null ? {} : { PGPASSFILE: passFile }) }
    return await containers.exec(place.containerId, argv, { environment, ...streams(run) }, ctx)
  } finally {
    await cleanUp(containers, place, [processFile, passFile], ctx)
  }
}

async function writeInside(containers: ContainerEngine, place: ExecPlace, path: string, text: string, ctx: RunContext): Promise<void> {
  const argv: Argv = ["sh", "-c", WRITE_FILE, "sh", path]
  const written = await containers.exec(place.containerId, argv, { stdin: { text: new Secret(text) } }, ctx)
  if (written.exitCode !== 0) {
    throw new HoldfastError("CONTAINER_FAILED", { what: "cannot hand the password to the database's container", why: written.stderrTail })
  }
}

/** Also after a cancellation, hence with a signal of its own; what is left is ended by settling (`endSessions`). */
async function cleanUp(containers: ContainerEngine, place: ExecPlace, files: readonly [string, string], ctx: RunContext): Promise<void> {
  const argv: Argv = ["sh", "-c", END_RECORDED, "sh", ...files]
  const context = { ...ctx, signal: new AbortController().signal }
  try {
    await containers.exec(place.containerId, argv, { timeoutMs: CLEAN_UP_LIMIT_MS }, context)
  } catch {
    ctx.progress.warn("the database's container could not be asked to end what was started in it")
  }
}
