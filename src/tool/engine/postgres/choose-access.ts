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
  for (const kind of source.access === null ? ORDER : [source.access]) {
    try {
      const tool = await toolsOf(kind, { tools, memory, source, route, version }, ctx)
      const because = refusals.length === 0 ? "" : ` (${refusals.join("; ")})`
      return {
        kind,
        description: `${kind}: ${route.description}, with PostgreSQL ${tool.version} ${PLACES[kind]}${because}`,
        serverVersion: version,
        serverMajor: majorOf(version),
        tools: tool,
        connect: route.connect,
      }
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      if (source.access !== null || route.container === null) throw thrown
      refusals.push(`not by ${kind}: ${messageOf(thrown)}`)
    }
  }
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

async function byTcp({ tools, memory, route, version }: Choice, ctx: RunContext): Promise<ToolRunner> {
  const { endpoint } = route
  if (endpoint === null) throw new HoldfastError("DATABASE_UNREACHABLE", { what: route.whyNoEndpoint })
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const client = fittingClient(clients, majorOf(version))
  if (client !== null) return localTools(tools.processes, client, endpoint)
  const image = memory.scratchImages.get(endpoint.host)
  if (image === undefined || tools.containers === null) throw clientTooOld(clients, version)
  const binds = [{ hostPath: endpoint.host, target: SOCKETS, readOnly: false }]
  return helperTools(tools.containers, { ...endpoint, image, network: "none", host: SOCKETS, binds }, tools.scratchDirectory, version)
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
