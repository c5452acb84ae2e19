import type { App } from "../app/app.ts"
import { planStandstill } from "../app/standstill.ts"
import type { RunContext } from "../base/run-context.ts"
import { imagesToSave } from "./capture-image.ts"
import { refuseUnknownParts, wanted, type BackupOptions } from "./options.ts"
import type { BackupTools } from "./ports.ts"

/** What a backup will do, before anything is done. */
export interface BackupPlan {
  readonly app: string
  readonly parts: readonly PlannedPart[]
  readonly leftOut: readonly string[]
  /** Services (or `run.stop`) that stop for the capture; empty for a hot point. */
  readonly stops: readonly string[]
}

export interface PlannedPart {
  readonly part: string
  /** Where it comes from and how it is read, for people. */
  readonly from: string
}

/** Looks at every source without reading data. Throws what a backup would throw for a source that is not there. */
export async function planBackup(tools: BackupTools, app: App, options: BackupOptions, ctx: RunContext): Promise<BackupPlan> {
  refuseUnknownParts(app, options.only)
  const all = [...(await plannedDatabases(tools, app, ctx)), ...plannedPaths(app), ...(await plannedImages(tools, app, ctx))]
  const parts = all.filter((part) => wanted(options.only, part.part))
  return {
    app: app.name,
    parts,
    leftOut: all.filter((part) => !parts.includes(part)).map((part) => part.part),
    stops: options.cold ? await plannedStops(tools, app, ctx) : [],
  }
}

async function plannedDatabases(tools: BackupTools, app: App, ctx: RunContext): Promise<readonly PlannedPart[]> {
  const parts: PlannedPart[] = []
  for (const source of app.databases) {
    const inspection = await tools.databases.for(source).inspect(source, ctx)
    const from = `${source.engine} ${inspection.engineVersion}, ${inspection.access}, ${inspection.toolVersion}`
    parts.push({ part: `database:${source.name}`, from })
  }
  return parts
}

function plannedPaths(app: App): readonly PlannedPart[] {
  return [
    ...app.files.map((source) => ({ part: `files:${source.name}`, from: source.place.path })),
    ...(app.secrets.length > 0 ? [{ part: "secrets", from: app.secrets.join(", ") }] : []),
    ...(app.configuration.length > 0 ? [{ part: "configuration", from: app.configuration.join(", ") }] : []),
  ]
}

async function plannedImages(tools: BackupTools, app: App, ctx: RunContext): Promise<readonly PlannedPart[]> {
  if (app.compose === null) return []
  const states = await tools.containers.services(app.compose.projectName, ctx)
  return imagesToSave(app, states).map((state) => ({ part: `image:${state.imageId}`, from: `${state.service}: ${state.imageReference}` }))
}

async function plannedStops(tools: BackupTools, app: App, ctx: RunContext): Promise<readonly string[]> {
  const standstill = await planStandstill(tools, app, ctx)
  return standstill.byCommand ? ["run.stop"] : standstill.services.map((service) => service.service)
}
