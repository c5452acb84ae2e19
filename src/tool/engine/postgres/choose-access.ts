/** Chooses how a server is reached: TCP, helper, exec, in this order, unless the settings force one (design §5, "Access"). */
import type { PostgresSource } from "../../../app/app.ts"
import type { ContainerEngine } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"
import type { Access } from "./access.ts"
import { fittingClient, listClients, majorOf, type ClientTools } from "./clients.ts"
import { localTools } from "./local-tools.ts"
import { firstThatOpens, MAINTENANCE_DATABASES } from "./maintenance.ts"
import { scalar, withSession } from "./session.ts"
import { describeEndpoint, openTcpSession, type Endpoint } from "./tcp-session.ts"

export interface EngineTools {
  readonly processes: Processes
  /** Null where there is no container engine. */
  readonly containers: ContainerEngine | null
  /** For pipes and pass files; private to us. */
  readonly scratchDirectory: string
  /** Where client programs are looked for instead of the usual places. */
  readonly pgBinDirectories?: readonly string[]
  /** How long a capture waits for a lock of another session. */
  readonly lockTimeoutMs?: number
  /** How long a client program may move no byte before it is ended. */
  readonly stallLimitMs?: number
}

const DEFAULT_PORT = 5432

/** Throws DATABASE_UNREACHABLE, DATABASE_AUTH_FAILED, DATABASE_MISSING or DATABASE_CLIENT_TOO_OLD. */
export async function chooseAccess(tools: EngineTools, source: PostgresSource, ctx: RunContext): Promise<Access> {
  if (source.host === null) throw noAddress(source)
  const endpoint = { host: source.host, port: source.port ?? DEFAULT_PORT, user: source.user, password: source.password }
  return await accessByTcp(tools, endpoint, source.database, ctx)
}

async function accessByTcp(tools: EngineTools, endpoint: Endpoint, database: string, ctx: RunContext): Promise<Access> {
  const serverVersion = await serverVersionOf(endpoint, database, ctx)
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const client = fittingClient(clients, majorOf(serverVersion))
  if (client === null) throw clientTooOld(clients, serverVersion)
  return {
    kind: "tcp",
    description: `tcp: ${describeEndpoint(endpoint)}, with PostgreSQL ${client.version} clients of this machine`,
    serverVersion,
    serverMajor: majorOf(serverVersion),
    tools: localTools(tools.processes, client, endpoint),
    connect: async (name, context) => await openTcpSession(endpoint, name, context),
  }
}

/** A database that does not exist yet (a scratch server) or is closed must not hide the server's version. */
async function serverVersionOf(endpoint: Endpoint, database: string, ctx: RunContext): Promise<string> {
  return await withSession(
    async () => await firstThatOpens([database, ...MAINTENANCE_DATABASES], async (name) => await openTcpSession(endpoint, name, ctx)),
    async (session) => (await scalar(session, "SHOW server_version"))?.split(" ")[0] ?? "0",
  )
}

/** F39: both versions are named, and nothing was started. */
export function clientTooOld(clients: readonly ClientTools[], serverVersion: string): HoldfastError {
  const newest = clients.at(-1)
  return newest === undefined
    ? new HoldfastError("DATABASE_CLIENT_TOO_OLD", { what: `no pg_dump on this machine for the server's PostgreSQL ${serverVersion}` })
    : new HoldfastError("DATABASE_CLIENT_TOO_OLD", {
        what: `pg_dump ${newest.version} is older than the server, PostgreSQL ${serverVersion}`,
        details: { client: newest.version, server: serverVersion },
      })
}

function noAddress(source: PostgresSource): HoldfastError {
  return new HoldfastError("DATABASE_UNREACHABLE", { what: `database ${source.name} has neither a host nor a compose service` })
}
