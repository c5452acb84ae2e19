import type { App, DatabaseSource } from "../app/app.ts"
import type { DatabaseShape } from "../app/ports.ts"
import { schemaQueries } from "../app/schema-queries.ts"
import type { RunContext } from "../base/run-context.ts"
import { HoldfastError } from "../base/errors.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { BackupTools } from "./ports.ts"

/**
 * Captures one database straight into the vault. What it holds is judged later, by the guard.
 * @param original where `source` is only a copy: the database that it is a copy of
 */
export async function captureDatabase(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  point: string,
  source: DatabaseSource,
  ctx: RunContext,
  original: DatabaseSource = source,
): Promise<{ part: DatabasePart; warnings: readonly string[] }> {
  const engine = tools.databases.for(source)
  const part = `database:${source.name}`
  const fileName = `${source.name}.${engine.extension}`
  const startedMs = ctx.clock.monotonicMs()
  const { stored, produced } = await vault.backend.storeStream(
    vault.location,
    { app: app.name, point, part },
    fileName,
    async (sink) => await engine.capture(source, sink, schemaQueries(app, source), ctx),
    ctx,
  )
  if (stored.sizeBytes === 0) throw new HoldfastError("DATABASE_DUMP_FAILED", { what: `the dump of ${part} is empty` })
  return {
    warnings: produced.warnings.map((warning) => `${part}: ${warning}`),
    part: {
      kind: "database",
      name: source.name,
      part,
      treeId: stored.treeId,
      fileName,
      sizeBytes: stored.sizeBytes,
      storedBytes: stored.storedBytes,
      engine: source.engine,
      access: produced.access,
      toolVersion: produced.toolVersion,
      snapshotAt: produced.snapshotAt.toISOString(),
      durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
      facts: { ...produced.facts, migrations: [...produced.facts.migrations] },
      shape: mutableShape(produced.shape),
      source: describeSource(original),
    },
  }
}

function mutableShape(shape: DatabaseShape): DatabasePart["shape"] {
  return {
    ...shape,
    settings: [...shape.settings],
    grants: [...shape.grants],
    extensions: [...shape.extensions],
    roles: shape.roles.map((role) => ({ name: role.name, attributes: [...role.attributes], memberOf: [...role.memberOf] })),
    pragmas: { ...shape.pragmas },
  }
}

/** Where the data came from, without secrets, as kept in the manifest. */
function describeSource(source: DatabaseSource): Record<string, string> {
  if (source.engine === "postgres") {
    return {
      database: source.database,
      user: source.user,
      ...(source.service === null ? {} : { service: source.service }),
      ...(source.host === null ? {} : { host: source.host }),
      ...(source.port === null ? {} : { port: String(source.port) }),
    }
  }
  if (source.engine === "sqlite") return { path: source.place.path, ...("volume" in source.place ? { volume: source.place.volume } : {}) }
  return {}
}
