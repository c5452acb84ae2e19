import { dirname, resolve } from "node:path"
import type { ProjectPlace } from "../../doctor/check/container.ts"
import type { AppSettings } from "../../settings/schema.ts"
import type { Settings } from "../../settings/settings.ts"

/** The folders of an app as its settings write them, without a compose file being read: it may be what cannot be seen. */
export function projectPlaces(settings: Settings, app: string): readonly ProjectPlace[] {
  const given = settings.apps[app]
  if (given === undefined) return []
  const written = [
    ...composeFiles(given).map(dirname),
    ...Object.values(given.files ?? {}).flatMap((files) => files.path ?? []),
    ...Object.values(given.databases ?? {}).flatMap(({ sqlite }) => (typeof sqlite === "string" ? [dirname(sqlite)] : [])),
  ]
  const directories = new Set(written.map((path) => resolve(settings.directory, path)))
  return [...directories].map((directory) => ({ app, directory }))
}

function composeFiles({ compose }: AppSettings): readonly string[] {
  if (compose === undefined) return []
  const files = typeof compose === "string" || Array.isArray(compose) ? compose : compose.files
  return typeof files === "string" ? [files] : files
}
