import { readdir } from "node:fs/promises"
import { join } from "node:path"
import type { App, DatabaseSource } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import type { RestoreTools } from "./ports.ts"

/** What the engine still has of an app that is to be rebuilt from nothing: its containers, and volumes that hold something. Throws TARGET_NOT_EMPTY. */
export async function refuseOccupiedEngine(tools: RestoreTools, app: App, parts: readonly ManifestPart[], ctx: RunContext): Promise<void> {
  if (app.compose === null) return
  const states = await tools.containers.services(app.compose.projectName, ctx)
  const occupied = states.map((state) => `container ${state.containerName}`)
  for (const part of parts) {
    const source = part.kind === "files" ? part.source : part.kind === "database" ? (part.source["path"] ?? "") : ""
    const [name = "", ...inside] = source.startsWith("volume:") ? source.slice("volume:".length).split("/") : []
    if (name !== "" && (await holdsSomething(tools, name, inside.join("/"), ctx))) occupied.push(`volume ${name}`)
  }
  if (occupied.length === 0) return
  throw new HoldfastError("TARGET_NOT_EMPTY", {
    what: `the engine still has something of ${app.name}: ${[...new Set(occupied)].slice(0, 5).join(", ")}`,
  })
}

async function holdsSomething(tools: RestoreTools, name: string, inside: string, ctx: RunContext): Promise<boolean> {
  const volume = await tools.containers.volumePath(name, ctx)
  if (volume === null || !volume.visible) return false
  const entries = await readdir(join(volume.hostPath, inside)).catch(() => [])
  return entries.length > 0
}

/** A server's volume that was left over may hold the only copy of what came after the point. Throws TARGET_NOT_EMPTY when the database has tables. */
export async function refuseOccupiedDatabase(tools: RestoreTools, app: App, source: DatabaseSource, ctx: RunContext): Promise<void> {
  if (source.engine !== "postgres") return
  const { rows } = await tools.databases.for(source).facts(source, null, null, ctx)
  const tables = Object.keys(rows)
  if (tables.length === 0) return
  throw new HoldfastError("TARGET_NOT_EMPTY", {
    what: `database ${source.database} of ${app.name} has ${counted(tables.length, "table")} already`,
  })
}
