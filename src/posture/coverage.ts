import type { App } from "../app/app.ts"

/** The parts that a whole point of the app has. */
export function expectedParts(app: App): readonly string[] {
  return [
    ...app.databases.map((database) => `database:${database.name}`),
    ...app.files.map((files) => `files:${files.name}`),
    ...(app.secrets.length > 0 ? ["secrets"] : []),
    ...(app.configuration.length > 0 ? ["configuration"] : []),
  ]
}

/** Parts that the app has now and the point has not. */
export function coverageOf(app: App, point: { readonly parts: readonly string[] }): readonly string[] {
  const held = new Set(point.parts)
  return expectedParts(app).filter((part) => !held.has(part))
}
