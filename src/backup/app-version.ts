import type { App } from "../app/app.ts"
import type { ServiceState } from "../app/ports.ts"

const VERSION_LABEL = "org.opencontainers.image.version"
const VERSION_TAG = /:v?(\d+\.\d+(?:\.\d+)?[0-9A-Za-z.+-]*)$/

/**
 * The version that runs, for the point's id and for `--before-migration`: what the settings say, else what the program says of itself
 * (when the health body carries it), else the image's label, else its tag. Null when it cannot be told; a guess would be worse.
 */
export function appVersion(app: App, states: readonly ServiceState[], reported: string | null): string | null {
  if (app.version !== undefined) return app.version
  if (reported !== null) return reported
  const databases = new Set(
    app.databases.flatMap((database) => (database.engine === "postgres" && database.service ? [database.service] : [])),
  )
  const preferred = new Set(app.recipe?.stop.services ?? [])
  const candidates = states.filter((state) => !databases.has(state.service))
  const ordered = [...candidates.filter((state) => preferred.has(state.service)), ...candidates]
  for (const state of ordered) {
    const version = state.labels[VERSION_LABEL] ?? VERSION_TAG.exec(state.imageReference)?.[1]
    if (version !== undefined && version !== "") return version
  }
  return null
}
