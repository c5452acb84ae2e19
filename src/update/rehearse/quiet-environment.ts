import type { App } from "../../app/app.ts"

/** Service → variables that keep a copy of the app from reaching people: no mail, no webhook. As the recipe knows them; nothing without one. */
export function quietEnvironment(app: App): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return app.recipe?.rehearsal?.environment ?? {}
}
