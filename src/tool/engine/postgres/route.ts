/** Who speaks SQL to a server: our own library over TCP where an address answers, else `psql` inside its container. */
import type { PostgresSource } from "../../../app/app.ts"
import type { ContainerEngine, ServiceState } from "../../../app/ports.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { addressesOf, containerPassword, findContainer } from "./container-service.ts"
import type { EngineTools, Memory } from "./engine-tools.ts"
import type { ExecPlace } from "./exec-tools.ts"
import { sqlStateOf } from "./failure.ts"
import { firstThatOpens, MAINTENANCE_DATABASES } from "./maintenance.ts"
import { openPsqlSession } from "./psql-session.ts"
import type { SqlSession } from "./session.ts"
import { describeEndpoint, openTcpSession, type Endpoint } from "./tcp-session.ts"

export interface Route {
  /** With the password that was found for it. */
  readonly source: PostgresSource
  readonly container: ServiceState | null
  /** Null when no address answers. */
  readonly endpoint: Endpoint | null
  readonly whyNoEndpoint: string
  readonly description: string
  /** The server's port inside its container. */
  readonly innerPort: number
  connect(database: string, ctx: RunContext): Promise<SqlSession>
  /** On the source's database, or on another where that one is missing. */
  connectAny(ctx: RunContext): Promise<SqlSession>
  /** How programs inside the container connect. */
  execPlace(ctx: RunContext): Promise<ExecPlace>
}

const DEFAULT_PORT = 5432
/** An address of a container answers at once or, on a network without a host address, never. */
const CONTAINER_TIMEOUT_MS = 3_000

export async function findRoute(tools: EngineTools, memory: Memory, given: PostgresSource, ctx: RunContext): Promise<Route> {
  const { containers } = tools
  const container = await findContainer(containers, given, ctx)
  const source = { ...given, password: given.password ?? (await passwordOf(containers, container, given, ctx)) }
  const tried = await reachableEndpoint(memory, source, container, ctx)
  const innerPort = source.host === null ? (source.port ?? DEFAULT_PORT) : DEFAULT_PORT
  const execPlace = async (context: RunContext): Promise<ExecPlace> => await insidePlace(tools, source, container, innerPort, context)
  const psql = async (database: string, context: RunContext): Promise<SqlSession> =>
    await openPsqlSession(psqlTools(tools, source), await execPlace(context), database, context)
  const { endpoint } = tried
  if (endpoint === null && container === null) throw tried.failure
  const connect = async (database: string, context: RunContext): Promise<SqlSession> =>
    endpoint === null ? await psql(database, context) : await openTcpSession(endpoint, database, context)
  return {
    source,
    container,
    endpoint,
    whyNoEndpoint: tried.failure.message,
    description:
      endpoint === null ? `container ${container?.containerName ?? ""}, which has no address that answers` : describeEndpoint(endpoint),
    innerPort,
    connect,
    connectAny: async (context) =>
      await firstThatOpens([source.database, ...MAINTENANCE_DATABASES], async (name) => await connect(name, context)),
    execPlace,
  }
}

async function passwordOf(
  containers: ContainerEngine | null,
  container: ServiceState | null,
  source: PostgresSource,
  ctx: RunContext,
): Promise<PostgresSource["password"]> {
  return containers === null || container === null ? null : await containerPassword(containers, container, source.user, ctx)
}

interface Tried {
  readonly endpoint: Endpoint | null
  readonly failure: HoldfastError
}

/** The first address at which a server answers, be it with a refusal: a wrong password is not a reason to look elsewhere. */
async function reachableEndpoint(memory: Memory, source: PostgresSource, container: ServiceState | null, ctx: RunContext): Promise<Tried> {
  let failure = new HoldfastError("DATABASE_UNREACHABLE", {
    what: `database ${source.name} has neither a host nor a container with an address`,
  })
  for (const endpoint of candidates(source, container)) {
    const remembered = `${container?.containerId ?? ""} ${describeEndpoint(endpoint)}`
    if (memory.unreachable.has(remembered)) continue
    const limit = source.host === null ? CONTAINER_TIMEOUT_MS : undefined
    const answer = await answerOf(endpoint, source.database, limit, ctx)
    if (answer === null) return { endpoint, failure }
    if (answer.code === "DATABASE_AUTH_FAILED" && source.password === null && container !== null) {
      failure = answer
      continue
    }
    if (serverAnswered(answer)) return { endpoint, failure }
    failure = answer
    if (container !== null) memory.unreachable.add(remembered)
  }
  return { endpoint: null, failure }
}

/** A closed or missing database is still a server that talks to us (one that only starts up or shuts down, 57P, does not). */
function serverAnswered(answer: HoldfastError): boolean {
  const state = sqlStateOf(answer) ?? ""
  return answer.code !== "DATABASE_UNREACHABLE" || (/^[0-9A-Z]{5}$/.test(state) && !state.startsWith("57P"))
}

function candidates(source: PostgresSource, container: ServiceState | null): readonly Endpoint[] {
  const { user, password } = source
  const port = source.port ?? DEFAULT_PORT
  const hosts = source.host === null ? (container === null ? [] : addressesOf(container)) : [source.host]
  return hosts.map((host) => ({ host, port, user, password }))
}

/** Null when a session could be opened. */
async function answerOf(endpoint: Endpoint, database: string, limitMs: number | undefined, ctx: RunContext): Promise<HoldfastError | null> {
  try {
    await (await openTcpSession(endpoint, database, ctx, limitMs)).end()
    return null
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
}

function psqlTools(
  tools: EngineTools,
  source: PostgresSource,
): { processes: EngineTools["processes"]; containers: ContainerEngine; scratchDirectory: string } {
  const { processes, containers, scratchDirectory } = tools
  if (containers === null)
    throw new HoldfastError("DATABASE_UNREACHABLE", { what: `database ${source.name} is in a container, but there is no container engine` })
  return { processes, containers, scratchDirectory }
}

/** The local socket where it lets this user in, else the loopback address with the password. */
async function insidePlace(
  tools: EngineTools,
  source: PostgresSource,
  container: ServiceState | null,
  port: number,
  ctx: RunContext,
): Promise<ExecPlace> {
  if (container === null) throw new HoldfastError("DATABASE_UNREACHABLE", { what: `database ${source.name} is not in a container` })
  const { containers } = psqlTools(tools, source)
  const bySocket: ExecPlace = { containerId: container.containerId, host: null, port, user: source.user, password: source.password }
  const argv = ["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--command=SELECT 1", "--dbname=template1"] as const
  const asked = await containers.exec(container.containerId, argv, { environment: { PGUSER: source.user, PGPORT: String(port) } }, ctx)
  return asked.exitCode === 0 ? { ...bySocket, password: null } : { ...bySocket, host: "127.0.0.1" }
}
