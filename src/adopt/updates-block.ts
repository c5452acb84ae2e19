import { dirname, relative, resolve } from "node:path"
import type { App } from "../app/app.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import type { Json } from "../base/canonical-json.ts"
import type { InstallableRelease } from "../release/installable.ts"
import { putMember } from "../settings/edit-member.ts"
import type { FileEdit } from "./edit-compose.ts"

export interface SettingsPlace {
  readonly path: string
  readonly text: string
}

/** The `updates:` block of an app, where the settings say nothing of updates yet; every comment of the file stays. */
export function settingsEdit(
  settings: SettingsPlace | null,
  app: App,
  managed: ManagedUpdates,
  release: InstallableRelease,
): readonly FileEdit[] {
  if (settings === null || app.updates !== undefined || app.compose === null) return []
  const { path } = settings
  const from = app.compose.projectDirectory
  const key = Object.values(managed.secrets).find(({ make }) => make === "vendor-key")
  const token = Object.values(managed.secrets).find(({ make }) => make === "random-hex-32")
  const credentials = Object.values(managed.secrets).find(({ make }) => make === "nothing")
  const told = {
    source: "manifest",
    url: managed.url,
    channel: managed.channel,
    ...(key === undefined ? {} : { key: beside(path, resolve(from, key.file)), keyDigest: managed.keyDigest }),
    services: Object.keys(release.images),
    repositories: [...managed.repositories],
    ...(token === undefined ? {} : { token: beside(path, resolve(from, token.file)) }),
    ...(credentials === undefined ? {} : { registryCredentials: beside(path, resolve(from, credentials.file)) }),
  }
  return [edited(settings, app.name, told)]
}

/** The same for an app of which nothing is known: tags of the registry are followed. */
export function registrySettingsEdit(settings: SettingsPlace | null, app: App, images: InstallableRelease["images"]): readonly FileEdit[] {
  if (settings === null || app.updates !== undefined || Object.keys(images).length === 0) return []
  const repositories = [...new Set(Object.values(images).map(({ repository }) => repository))]
  return [edited(settings, app.name, { source: "registry", services: Object.keys(images), repositories })]
}

function edited({ path, text }: SettingsPlace, app: string, updates: Json): FileEdit {
  return { path, before: text, after: putMember(text, ["apps", app, "updates"], updates) }
}

/** As a person would write it: relative to the settings file where it lies below it. */
function beside(settingsFile: string, path: string): string {
  const short = relative(dirname(settingsFile), path)
  return short.startsWith("..") || short === "" ? path : `./${short}`
}
