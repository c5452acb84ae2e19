/** A throwaway server of the point's own major version, for drills (design §6, "Sandbox kinds"). */
import type { PostgresSource } from "../../../app/app.ts"
import type { ScratchRequest } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { listClients, majorOf } from "./clients.ts"
import type { EngineTools, Memory } from "./engine-tools.ts"
import { withContainerServer } from "./scratch-container.ts"
import { withLocalServer } from "./scratch-local.ts"

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
      { containers, image, directory: request.directory, memory },
      async (source) => await use(source, ctx),
      ctx,
    )
  }
  const major = majorOf(request.majorVersion)
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const binaries = clients.find((client) => client.major === major)
  if (binaries) return await withLocalServer(tools.processes, binaries, async (source) => await use(source, ctx), ctx)
  throw new HoldfastError("DATABASE_VERSION_MISMATCH", {
    what: `nothing here can run a PostgreSQL ${major} server for the drill`,
    why: image === null ? "the point names no image" : `image ${image} is not here`,
    hint: `Install PostgreSQL ${major} on this machine, or give the drill the database's own image.`,
  })
}
