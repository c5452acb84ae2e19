/** A throwaway server of the point's own major version, for drills (design §6, "Sandbox kinds"). */
import type { PostgresSource } from "../../../app/app.ts"
import type { ScratchRequest } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { listClients, majorOf, type ClientTools } from "./clients.ts"
import type { EngineTools, Memory } from "./engine-tools.ts"
import { withContainerServer } from "./scratch-container.ts"
import { withLocalServer } from "./scratch-local.ts"

const USUAL_SUPERUSER = "postgres"
/** The major version of a dump whose server cannot be asked. */
export const NEWEST = "newest"

/**
 * The source that `use` gets names a database that does not exist yet: stage the dump under `source.database` (or another
 * name), then ask for facts. Throws DATABASE_VERSION_MISMATCH, naming what is needed.
 */
export async function withScratch<T>(
  tools: EngineTools,
  memory: Memory,
  request: ScratchRequest,
  use: (scratch: PostgresSource, ctx: RunContext) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const { image } = request
  const { containers } = tools
  if (image !== null && containers !== null && (await containers.imagePresent(image, ctx))) {
    return await withContainerServer(
      { containers, image, directory: request.directory, memory, superuser: superuserOf(request) },
      async (source) => await use(source, ctx),
      ctx,
    )
  }
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const binaries = fitting(clients, request.majorVersion)
  if (binaries) return await withLocalServer(tools.processes, binaries, superuserOf(request), async (source) => await use(source, ctx), ctx)
  const wanted = request.majorVersion === NEWEST ? "" : ` ${majorOf(request.majorVersion)}`
  throw new HoldfastError("DATABASE_VERSION_MISMATCH", {
    what: `nothing here can run a PostgreSQL${wanted} server`,
    why: image === null ? "no image of it is known" : `image ${image} is not here`,
    hint: `Install PostgreSQL${wanted} on this machine, or have the database's own image here.`,
  })
}

function fitting(clients: readonly ClientTools[], version: string): ClientTools | undefined {
  return version === NEWEST ? clients.at(-1) : clients.find((client) => client.major === majorOf(version))
}

/** `pg_` is the server's own; it refuses such a superuser. */
function superuserOf(request: ScratchRequest): string {
  const { superuser = USUAL_SUPERUSER } = request
  return superuser.startsWith("pg_") ? USUAL_SUPERUSER : superuser
}
