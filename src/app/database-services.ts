import type { App } from "./app.ts"

/** Services of the project that run one of the app's databases: they go on when everything that writes is stopped. Each once. */
export function databaseServices(app: Pick<App, "databases">): readonly string[] {
  return [...new Set(app.databases.flatMap((source) => (source.engine === "postgres" && source.service !== null ? [source.service] : [])))]
}
