import type { RunContext } from "../base/run-context.ts"
import { formatBytes } from "../base/units.ts"
import type { App, PostgresSource } from "./app.ts"
import type { DatabaseEngines, OtherDatabase } from "./ports.ts"
import type { Unnamed } from "./unnamed.ts"

interface UnnamedDatabase extends Unnamed {
  readonly service: string
  readonly database: string
}

/**
 * Databases on the app's own servers that its settings do not name, so that no point holds them. A server outside of the project may well be
 * others', and is not asked.
 */
export async function unnamedDatabases(
  engines: DatabaseEngines,
  { databases, leaveOut = [] }: Pick<App, "databases" | "leaveOut">,
  ctx: RunContext,
): Promise<readonly UnnamedDatabase[]> {
  const sources = databases.flatMap((source) => (source.engine === "postgres" && source.service !== null ? [source] : []))
  const servers = new Map(sources.toReversed().map((source) => [source.service ?? "", source]))
  const found: UnnamedDatabase[] = []
  for (const [service, source] of servers) {
    const named = sources.filter((one) => one.service === service).map(({ database }) => database)
    const others = (await engines.for<PostgresSource>(source).otherDatabases?.(source, ctx)) ?? []
    const unnamed = others.filter(({ name }) => !named.includes(name) && !leaveOut.includes(`${service}/${name}`))
    found.push(...unnamed.map((other) => told(other, service)))
  }
  return found
}

function told({ name, sizeBytes }: OtherDatabase, service: string): UnnamedDatabase {
  const size = sizeBytes === null ? "" : ` (${formatBytes(sizeBytes)})`
  const text = `database ${name}${size} of the server ${service} is not named in the settings`
  return { name: `${service}/${name}`, what: `database ${name} of the server ${service}`, text, service, database: name }
}
