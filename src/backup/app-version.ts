import type { App } from "../app/app.ts"
import { imageTemplate } from "../app/compose/image-text.ts"
import { databaseServices } from "../app/database-services.ts"
import type { ServiceState } from "../app/ports.ts"
import { isHoldfastService } from "../app/updater-services.ts"

const VERSION_LABEL = "org.opencontainers.image.version"
const VERSION_TAG = /^v?(\d+\.\d+(?:\.\d+)?[0-9A-Za-z.+-]*)$/

/**
 * The version that runs, for the point's id and for `--before-migration`: what the settings say, else what the program says of itself
 * (when the health body carries it), else the tag of its image, else the image's label, which may be that of a base image. The program is what
 * updates move, else what the recipe stops; where neither is known, every service that runs no database has to say the same. Null when it
 * cannot be told; a guess would be worse.
 */
export function appVersion(app: App, states: readonly ServiceState[], reported: string | null): string | null {
  if (app.version !== undefined) return app.version
  if (reported !== null) return reported
  const databases = databaseServices(app)
  const candidates = states.filter((state) => !databases.includes(state.service) && !isHoldfastService(state))
  const named = app.updates?.services ?? app.recipe?.stop.services ?? []
  const program = candidates.filter(({ service }) => named.includes(service))
  const told = [...new Set((program.length > 0 ? program : candidates).flatMap(versionOf))]
  return program.length > 0 || told.length === 1 ? (told[0] ?? null) : null
}

function versionOf({ imageReference, labels }: ServiceState): readonly string[] {
  const tag = VERSION_TAG.exec(imageTemplate(imageReference).tag ?? "")?.[1]
  const version = tag ?? labels[VERSION_LABEL] ?? ""
  return version === "" ? [] : [version]
}
