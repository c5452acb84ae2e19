import { join } from "node:path"
import type { ContainerEngine, DumpSource } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { clientTooOld } from "./choose-access.ts"
import { fittingClient, listClients, majorOf, type ClientTools } from "./clients.ts"
import type { EngineTools } from "./engine-tools.ts"
import type { ToolEnding } from "./failure.ts"
import { readInHelper } from "./helper-stream.ts"

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

/** The one whose scripts the server of `made` understands: newer programs set parameters that it does not know. */
export async function scriptWriter(tools: EngineTools, made: MadeBy | null, ctx: RunContext): Promise<ArchiveReader> {
  if (made === null) return await archiveReader(tools, null, ctx)
  const clients = await listClients(tools.processes, tools.pgBinDirectories ?? null, ctx.signal)
  const client = fittingClient(clients, majorOf(made.engineVersion))
  return client === null ? await archiveReader(tools, made, ctx) : { kind: "local", client }
}

const OUT = "/holdfast-out"

/** Has `pg_restore` write a dump as SQL to `directory/fileName`; resolves when it has ended, whatever its exit code. */
export async function writeScript(
  tools: EngineTools,
  reader: ArchiveReader,
  args: readonly string[],
  place: { readonly directory: string; readonly fileName: string },
  dump: DumpSource,
  ctx: RunContext,
): Promise<ToolEnding> {
  const environment = { LC_ALL: "C" }
  if (reader.kind === "image") {
    const argv = ["pg_restore", ...args, `--file=${OUT}/${place.fileName}`] as const
    const binds = [{ hostPath: place.directory, target: OUT, readOnly: false }]
    const helper = { image: reader.image, network: "none", argv, binds, environment }
    return await readInHelper(reader.containers, helper, dump, tools.scratchDirectory, ctx)
  }
  return await tools.processes.run({
    argv: [join(reader.client.directory, "pg_restore"), ...args, `--file=${join(place.directory, place.fileName)}`],
    environment,
    stdin: { fd: dump.fd },
    signal: ctx.signal,
  })
}
