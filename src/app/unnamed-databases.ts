import type { RunContext } from "../base/run-context.ts"
import { formatBytes } from "../base/units.ts"
import type { App, PostgresSource } from "./app.ts"
import type { DatabaseEngines, OtherDatabase } from "./ports.ts"

export interface UnnamedDatabase extends OtherDatabase {
  readonly service: string
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
    found.push(...unnamed.map((other) => ({ ...other, service })))
  }
  return found
}

/** `database stats (12 MiB) of the server db is not named in the settings` */
export function unnamedText({ name, sizeBytes, service }: UnnamedDatabase): string {
  return `database ${name}${sizeBytes === null ? "" : ` (${formatBytes(sizeBytes)})`} of the server ${service} is not named in the settings`
}
