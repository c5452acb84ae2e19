import type { ContainerEngine } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { clientTooOld } from "./choose-access.ts"
import { listClients, majorOf, type ClientTools } from "./clients.ts"
import type { EngineTools } from "./engine-tools.ts"

export interface MadeBy {
  readonly engineVersion: string
  readonly image: string | null
}

export type ArchiveReader =
  | { readonly kind: "local"; readonly client: ClientTools }
  | { readonly kind: "image"; readonly image: string; readonly containers: ContainerEngine }

/** Whose `pg_restore` reads a dump: this machine's newest, or that of the image that made it. Throws DATABASE_CLIENT_TOO_OLD. */
export async function archiveReader(tools: EngineTools, made: MadeBy | null, ctx: RunContext): Promise<ArchiveReader> {
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const client = clients.at(-1)
  if (client && (made === null || client.major >= majorOf(made.engineVersion))) return { kind: "local", client }
  const image = made?.image ?? null
  const { containers } = tools
  if (image === null || containers === null || !(await containers.imagePresent(image, ctx))) {
    throw clientTooOld(clients, made?.engineVersion ?? "of unknown version")
  }
  return { kind: "image", image, containers }
}
