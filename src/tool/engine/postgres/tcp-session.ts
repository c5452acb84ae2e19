/** A session over TCP or a Unix socket, by the `pg` library; it needs no client program of the server's version. */
import { Client } from "pg"
import type { RunContext } from "../../../base/run-context.ts"
import type { Secret } from "../../../base/secret.ts"
import { connectError, statementError } from "./failure.ts"
import { applicationName, PREPARE_SESSION, type Row, type SqlSession } from "./session.ts"

export interface Endpoint {
  /** A name, an address, or the absolute directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret | null
}

const CONNECT_TIMEOUT_MS = 10_000

export function describeEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(":") ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`
}

/** Connects and prepares the session. Throws DATABASE_UNREACHABLE, DATABASE_AUTH_FAILED or DATABASE_MISSING. */
export async function openTcpSession(
  endpoint: Endpoint,
  database: string,
  ctx: RunContext,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<SqlSession> {
  ctx.signal.throwIfAborted()
  const where = `database ${database} at ${describeEndpoint(endpoint)} as ${endpoint.user}`
  const client = await connected(endpoint, database, where, timeoutMs, ctx)
  const session = sessionOf(client, where, ctx)
  try {
    for (const statement of PREPARE_SESSION) await session.rows(statement)
    return session
  } catch (thrown) {
    await session.end()
    throw thrown
  }
}

/** A server that only takes encrypted sessions is asked again with encryption, as libpq's `sslmode=prefer` would. */
async function connected(endpoint: Endpoint, database: string, where: string, timeoutMs: number, ctx: RunContext): Promise<Client> {
  try {
    return await connectOnce(endpoint, database, { encrypted: false, timeoutMs }, ctx)
  } catch (thrown) {
    const encryptionWanted = thrown instanceof Error && /no encryption|SSL off/.test(thrown.message)
    if (!encryptionWanted) throw connectError(thrown, where)
  }
  try {
    return await connectOnce(endpoint, database, { encrypted: true, timeoutMs }, ctx)
  } catch (thrown) {
    throw connectError(thrown, where)
  }
}

async function connectOnce(
  endpoint: Endpoint,
  database: string,
  how: { readonly encrypted: boolean; readonly timeoutMs: number },
  ctx: RunContext,
): Promise<Client> {
  const client = new Client({
    host: endpoint.host,
    port: endpoint.port,
    user: endpoint.user,
    database,
    ...(endpoint.password === null ? {} : { password: endpoint.password.reveal() }),
    ssl: how.encrypted ? { rejectUnauthorized: false } : false,
    application_name: applicationName(ctx),
    keepAlive: true,
    connectionTimeoutMillis: how.timeoutMs,
    types: { getTypeParser: () => (value: string | Buffer) => value.toString() },
  })
  // A connection that breaks between two statements must not end the process (F11); the next statement reports it.
  client.on("error", () => undefined)
  try {
    await client.connect()
    return client
  } catch (thrown) {
    await client.end().catch(() => undefined)
    throw thrown
  }
}

function sessionOf(client: Client, where: string, ctx: RunContext): SqlSession {
  let ended: Promise<void> | null = null
  const end = async (): Promise<void> => {
    ended ??= client.end().catch(() => undefined)
    ctx.signal.removeEventListener("abort", onAbort)
    await ended
  }
  const onAbort = (): void => void end()
  ctx.signal.addEventListener("abort", onAbort, { once: true })
  return {
    end,
    rows: async (sql) => {
      ctx.signal.throwIfAborted()
      try {
        const result = await client.query<(string | null)[]>({ text: sql, rowMode: "array" })
        return result.rows satisfies readonly Row[]
      } catch (thrown) {
        ctx.signal.throwIfAborted()
        throw statementError(thrown, `a statement failed in ${where}`, "DATABASE_UNREACHABLE")
      }
    },
  }
}
