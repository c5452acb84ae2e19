/** A throwaway server from binaries of this machine: Unix socket only, no safety of its data, gone afterwards. */
import { chown, rm } from "node:fs/promises"
import { join } from "node:path"
import type { PostgresSource } from "../../../app/app.ts"
import { HoldfastError, isHoldfastError, messageOf } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes, RunningChild } from "../../process/process.ts"
import type { ClientTools } from "./clients.ts"
import { makeScratchPlace } from "./scratch-place.ts"
import { openTcpSession } from "./tcp-session.ts"
import { serverUser, type ServerUser } from "./server-user.ts"

const SOCKET_PORT = 5432
const START_LIMIT_MS = 60_000
const PAUSE_MS = 100
export const SCRATCH_DATABASE = "holdfast_scratch"

/** Nothing here must survive a power loss, so nothing waits for the disk. */
const SETTINGS = [
  "listen_addresses=",
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "autovacuum=off",
  "max_wal_senders=0",
  "wal_level=minimal",
  // In its own directory: what it keeps elsewhere would outlive a kill.
  "dynamic_shared_memory_type=mmap",
]

/** Makes a cluster, starts it, hands over a source for it, and removes both whatever happens. */
export async function withLocalServer<T>(
  processes: Processes,
  binaries: ClientTools,
  superuser: string,
  use: (source: PostgresSource) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const user = await serverUser(processes, ctx.signal)
  const directory = await makeScratchPlace(ctx)
  let server: RunningChild | null = null
  try {
    if (user.ids) await chown(directory, user.ids.uid, user.ids.gid)
    await initialise(processes, binaries, { user, superuser }, directory, ctx)
    server = startServer(processes, binaries, user, directory, ctx)
    const source = scratchSource(directory, superuser)
    await answering(server, source, ctx)
    return await use(source)
  } finally {
    await server?.end()
    await rm(directory, { recursive: true, force: true })
  }
}

async function initialise(
  processes: Processes,
  binaries: ClientTools,
  { user, superuser }: { user: ServerUser; superuser: string },
  directory: string,
  ctx: RunContext,
): Promise<void> {
  const made = await processes.run({
    argv: user.as([
      join(binaries.directory, "initdb"),
      `--pgdata=${directory}/data`,
      `--username=${superuser}`,
      "--auth=trust",
      "--encoding=UTF8",
      "--no-sync",
      "--locale=C",
    ]),
    cwd: directory,
    environment: { LC_ALL: "C" },
    signal: ctx.signal,
  })
  if (made.exitCode !== 0)
    throw new HoldfastError("TOOL_FAILED", { what: "a throwaway PostgreSQL server could not be made", why: made.stderrTail })
}

/** In the foreground and not through pg_ctl, so that it dies with us (F5). */
function startServer(processes: Processes, binaries: ClientTools, user: ServerUser, directory: string, ctx: RunContext): RunningChild {
  const settings = [...SETTINGS, `unix_socket_directories=${directory}`, `port=${SOCKET_PORT}`]
  return processes.start({
    argv: user.as([join(binaries.directory, "postgres"), "-D", `${directory}/data`, ...settings.flatMap((setting) => ["-c", setting])]),
    cwd: directory,
    environment: { LC_ALL: "C" },
    signal: ctx.signal,
  })
}

export function scratchSource(socketDirectory: string, superuser: string): PostgresSource {
  return {
    engine: "postgres",
    name: "scratch",
    service: null,
    projectName: null,
    host: socketDirectory,
    port: SOCKET_PORT,
    database: SCRATCH_DATABASE,
    user: superuser,
    password: null,
    access: "tcp",
  }
}

/** Waits until the server takes sessions; a server that ended says why. */
export async function answering(
  server: { readonly done: Promise<{ stderrTail: string }> },
  source: PostgresSource,
  ctx: RunContext,
): Promise<void> {
  const endpoint = { host: source.host ?? "", port: SOCKET_PORT, user: source.user, password: null }
  let ended: string | null = null
  void server.done.then(
    (result) => (ended = result.stderrTail),
    (thrown: unknown) => (ended = reasonOf(thrown)),
  )
  const deadline = ctx.clock.monotonicMs() + START_LIMIT_MS
  for (;;) {
    try {
      await (await openTcpSession(endpoint, "postgres", ctx)).end()
      return
    } catch (thrown) {
      if (!isHoldfastError(thrown, "DATABASE_UNREACHABLE")) throw thrown
      if (ended !== null) throw new HoldfastError("TOOL_FAILED", { what: "the throwaway PostgreSQL server ended at its start", why: ended })
      if (ctx.clock.monotonicMs() > deadline) throw thrown
      await ctx.clock.sleep(PAUSE_MS, ctx.signal)
    }
  }
}

/** What it was refused or ended by, in whole: who reads it has no other place to look. */
function reasonOf(thrown: unknown): string {
  const why = isHoldfastError(thrown) ? thrown.why : undefined
  return why === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${why}`
}
