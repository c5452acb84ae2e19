import type { App } from "../app/app.ts"
import { planReturn, type Standstill } from "../app/standstill.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { databaseSource } from "./replacement.ts"
import type { RestoreTools } from "./ports.ts"

/** Whether Holdfast can stop and start the app: by its compose project or by `run` commands. */
export function canStop(app: App): boolean {
  return app.compose !== null || app.run !== null
}

/** What has to stop; nothing where nothing can be stopped: then `refuseSessions` stands in for it (design §7, step 2). */
export async function standstillOf(tools: RestoreTools, app: App, ctx: RunContext): Promise<Standstill> {
  return canStop(app) ? await planReturn(tools, app, ctx) : { services: [], graceSeconds: 0, byCommand: false, rested: [] }
}

/** An app that cannot be stopped by us is replaced only while nobody else is connected. Throws DATABASE_IN_USE, naming the sessions. */
export async function refuseSessions(tools: RestoreTools, app: App, databases: readonly string[], ctx: RunContext): Promise<void> {
  if (canStop(app)) return
  for (const name of databases) {
    const source = databaseSource(app, name)
    const sessions = await tools.databases.for(source).sessions(source, ctx)
    if (sessions.length === 0) continue
    const named = sessions.map((session) => `${session.program || "unnamed"} (${session.user}, ${session.address})`).join(", ")
    throw new HoldfastError("DATABASE_IN_USE", { what: `database:${name} is in use and Holdfast cannot stop ${app.name}`, why: named })
  }
}
