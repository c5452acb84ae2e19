/** A throwaway server from the database's own image: no network at all, reached through a socket in a directory of ours. */
import type { Argv, PostgresSource } from "../../../app/app.ts"
import type { ContainerEngine, ExecResult } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Memory } from "./engine-tools.ts"
import { answering, scratchSource } from "./scratch-local.ts"
import { withSession } from "./session.ts"
import { makeContainerPlace } from "./scratch-place.ts"
import { openTcpSession } from "./tcp-session.ts"

export interface ContainerServer {
  readonly containers: ContainerEngine
  readonly image: string
  /** The operation's own, of this host. */
  readonly directory: string
  readonly memory: Memory
  readonly superuser: string
}

const SOCKETS = "/holdfast-sockets"

/** Server programs are not on the path in every image. */
const START = `set -e
bin=$(dirname "$(command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres /usr/local/pgsql/bin/postgres 2>/dev/null | tail -n 1)")
data=$(mktemp -d)/data
"$bin/initdb" --pgdata="$data" --username="$1" --auth=trust --encoding=UTF8 --no-sync --locale=C >&2
exec "$bin/postgres" -D "$data" -c listen_addresses= -c unix_socket_directories=${SOCKETS} -c unix_socket_permissions=0777 -c port=5432 \\
  -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0`

/** Starts it, hands over a source for it, and removes it whatever happens. */
export async function withContainerServer<T>(
  server: ContainerServer,
  use: (source: PostgresSource) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const { directory, sockets, remove } = await makeContainerPlace(server.directory, ctx)
  const stop = new AbortController()
  try {
    server.memory.scratchServers.set(sockets, { image: server.image, directory })
    const done = run(server, directory, { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) })
    try {
      const source = scratchSource(sockets, server.superuser)
      await answering({ done }, source, ctx)
      return await use(source)
    } finally {
      await askToEnd(server.superuser, sockets, done, ctx)
      stop.abort(new Error("the throwaway server is no longer needed"))
      await done.catch(() => undefined)
    }
  } finally {
    server.memory.scratchServers.delete(sockets)
    await remove()
  }
}

const END_LIMIT_MS = 5_000

/** A fast shutdown from inside: cancelling the helper alone waits until the docker client is killed. */
async function askToEnd(user: string, sockets: string, done: Promise<unknown>, ctx: RunContext): Promise<void> {
  try {
    await withSession(
      async () => await openTcpSession({ host: sockets, port: 5432, user, password: null }, "postgres", ctx),
      async (session) => await session.rows(`COPY (SELECT 1) TO PROGRAM 'kill -INT "$(head -n 1 postmaster.pid)"'`),
    )
    await Promise.race([done, ctx.clock.sleep(END_LIMIT_MS)])
  } catch {
    // It is ended with the helper all the same, only later.
  }
}

async function run(server: ContainerServer, directory: string, ctx: RunContext): Promise<ExecResult> {
  const argv: Argv = ["sh", "-c", START, "sh", server.superuser]
  const binds = [{ hostPath: directory, target: SOCKETS, readOnly: false }]
  return await server.containers.runHelper({ image: server.image, argv, network: "none", binds, environment: {}, user: "postgres" }, ctx)
}
