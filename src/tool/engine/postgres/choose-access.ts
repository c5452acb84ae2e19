/** Chooses how a server is reached: TCP, helper, exec, in this order, unless the settings force one (design §5, "Access"). */
import type { PostgresAccessKind, PostgresSource } from "../../../app/app.ts"
import type { ContainerEngine, ServiceState } from "../../../app/ports.ts"
import { HoldfastError, messageOf } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Access, ToolRunner } from "./access.ts"
import { fittingClient, listClients, majorOf, type ClientTools } from "./clients.ts"
import type { EngineTools, Memory } from "./engine-tools.ts"
import { execTools, execVersion } from "./exec-tools.ts"
import { helperTools, helperVersion, type HelperPlace } from "./helper-tools.ts"
import { localTools } from "./local-tools.ts"
import { findRoute, type Route } from "./route.ts"
import { scalar, withSession } from "./session.ts"

const ORDER = ["tcp", "helper", "exec"] as const satisfies readonly PostgresAccessKind[]

/** Throws DATABASE_UNREACHABLE, DATABASE_AUTH_FAILED, DATABASE_MISSING, DATABASE_CLIENT_TOO_OLD, SERVICE_NOT_RUNNING or COMPOSE_SERVICE_MISSING. */
export async function chooseAccess(tools: EngineTools, memory: Memory, source: PostgresSource, ctx: RunContext): Promise<Access> {
  const route = await findRoute(tools, memory, source, ctx)
  const version = await withSession(
    async () => await route.connectAny(ctx),
    async (session) => (await scalar(session, "SHOW server_version"))?.split(" ")[0] ?? "0",
  )
  const refusals: string[] = []
  const accessBy = (kind: PostgresAccessKind, tool: ToolRunner): Access => {
    const because = refusals.length === 0 ? "" : ` (${refusals.join("; ")})`
    return {
      kind,
      description: `${kind}: ${route.description}, with PostgreSQL ${tool.version} ${PLACES[kind]}${because}`,
      serverVersion: version,
      serverMajor: majorOf(version),
      tools: tool,
      connect: route.connect,
    }
  }
  const choice: Choice = { tools, memory, source, route, version }
  for (const kind of source.access === null ? ORDER : [source.access]) {
    try {
      return accessBy(kind, await toolsOf(kind, choice, ctx))
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      if (source.access !== null || route.container === null) throw thrown
      refusals.push(`not by ${kind}: ${messageOf(thrown)}`)
    }
  }
  // Better dumped by newer programs than not at all: they can be had again for a restore.
  const newer = await localClient(choice, ctx)
  if (newer !== null) return accessBy("tcp", newer)
  throw new HoldfastError("DATABASE_UNREACHABLE", { what: `no way to dump database ${source.database}`, why: refusals.join("; ") })
}

const PLACES: Readonly<Record<PostgresAccessKind, string>> = {
  tcp: "clients of this machine",
  helper: "clients in a helper container of the database's image",
  exec: "clients in the database's container",
}

interface Choice {
  readonly tools: EngineTools
  readonly memory: Memory
  readonly source: PostgresSource
  readonly route: Route
  readonly version: string
}

async function toolsOf(kind: PostgresAccessKind, choice: Choice, ctx: RunContext): Promise<ToolRunner> {
  if (kind === "tcp") return await byTcp(choice, ctx)
  const { containers } = choice.tools
  const { container, source } = choice.route
  if (containers === null || container === null) {
    throw new HoldfastError("DATABASE_UNREACHABLE", {
      what: `database ${source.database} is not in a container of ours, so it cannot be reached by ${kind}`,
    })
  }
  return kind === "helper" ? await byHelper(choice, containers, container, ctx) : await byExec(choice, containers, container, ctx)
}

/**
 * With programs of the server's own major version. Newer ones dump it as well, but what they dump only they can read, and what they restore sets
 * parameters that an older server does not know (`transaction_timeout`, measured with 17 and 15): they serve where the server's own programs
 * cannot be had, or where the settings force this way.
 */
async function byTcp(choice: Choice, ctx: RunContext): Promise<ToolRunner> {
  const { tools, memory, source, route, version } = choice
  const { endpoint } = route
  if (endpoint === null) throw new HoldfastError("DATABASE_UNREACHABLE", { what: route.whyNoEndpoint })
  const server = memory.scratchServers.get(endpoint.host)
  const ownPrograms = tools.containers !== null && (server !== undefined || (route.container !== null && source.access === null))
  const local = await localClient(choice, ctx)
  if (local !== null && (majorOf(local.version) === majorOf(version) || !ownPrograms)) return local
  if (server !== undefined && tools.containers !== null) {
    const binds = [{ hostPath: server.directory, target: SOCKETS, readOnly: false }]
    const place: HelperPlace = { ...endpoint, image: server.image, network: "none", host: SOCKETS, binds }
    return helperTools(tools.containers, place, tools.scratchDirectory, version)
  }
  if (local === null) throw clientTooOld(await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal), version)
  throw new HoldfastError("DATABASE_VERSION_MISMATCH", {
    what: `pg_dump ${local.version} is newer than the server, PostgreSQL ${version}, whose own programs could not read what it dumps`,
  })
}

/** This machine's programs of the server's version, else of the next newer one; null where all are older, or nothing is reached from here. */
async function localClient({ tools, route, version }: Choice, ctx: RunContext): Promise<ToolRunner | null> {
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const client = fittingClient(clients, majorOf(version))
  return client === null || route.endpoint === null ? null : localTools(tools.processes, client, route.endpoint)
}

const SOCKETS = "/holdfast-sockets"

async function byHelper(
  { tools, memory, route }: Choice,
  containers: ContainerEngine,
  container: ServiceState,
  ctx: RunContext,
): Promise<ToolRunner> {
  const known = memory.imageVersions.get(container.imageId)
  const version = known ?? (await helperVersion(containers, container.imageId, tools.scratchDirectory, ctx))
  memory.imageVersions.set(container.imageId, version)
  const place: HelperPlace = {
    image: container.imageId,
    network: `container:${container.containerId}`,
    host: "127.0.0.1",
    port: route.innerPort,
    user: route.source.user,
    password: route.source.password,
    binds: [],
  }
  return helperTools(containers, place, tools.scratchDirectory, version)
}

async function byExec({ route }: Choice, containers: ContainerEngine, container: ServiceState, ctx: RunContext): Promise<ToolRunner> {
  const version = await execVersion(containers, container.containerId, ctx)
  return execTools(containers, await route.execPlace(ctx), version)
}

/** F39: both versions are named, and nothing was started. */
export function clientTooOld(clients: readonly ClientTools[], serverVersion: string): HoldfastError {
  const newest = clients.at(-1)
  if (newest === undefined) {
    return new HoldfastError("DATABASE_CLIENT_TOO_OLD", { what: `this machine has no pg_dump for the server, PostgreSQL ${serverVersion}` })
  }
  return new HoldfastError("DATABASE_CLIENT_TOO_OLD", {
    what: `pg_dump ${newest.version} is older than the server, PostgreSQL ${serverVersion}`,
    details: { client: newest.version, server: serverVersion },
  })
}
