import type { App } from "../app/app.ts"
import { databaseServices } from "../app/database-services.ts"
import { sharersOf } from "../update/place/sharers.ts"
import type { RunningApp } from "../update/running.ts"

/** Services that get other images, and those that run in what these are made of: with the container, its network goes. */
export function madeAnew(
  app: App,
  { model, states }: Pick<RunningApp, "model" | "states">,
  services: readonly string[],
): readonly string[] {
  const databases = databaseServices(app)
  const running = states.filter(({ service, state }) => state === "running" && !databases.includes(service)).map(({ service }) => service)
  return [...services, ...sharersOf(model.document, services, running)]
}
