import { dirname, relative, resolve } from "node:path"
import type { App, UpdateRules } from "../app/app.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import type { Json } from "../base/canonical-json.ts"
import type { InstallableRelease } from "../release/installable.ts"
import { putMember } from "../settings/edit-member.ts"
import type { FileEdit } from "./edit-compose.ts"

export interface SettingsPlace {
  readonly path: string
  readonly text: string
}

/** Members that a block which is there gets where it lacks them: by what the app's own page is let in, and images are pulled. */
export const ADDED_TO_A_BLOCK = ["token", "registryCredentials"] as const

/** The `updates:` block of an app, or what one that is there lacks; every comment of the file stays. */
export function settingsEdit(
  settings: SettingsPlace | null,
  app: App,
  managed: ManagedUpdates,
  release: InstallableRelease,
): readonly FileEdit[] {
  if (settings === null || app.compose === null) return []
  const { path } = settings
  const from = app.compose.projectDirectory
  const key = Object.values(managed.secrets).find(({ make }) => make === "vendor-key")
  const token = Object.values(managed.secrets).find(({ make }) => make === "random-hex-32")
  const credentials = Object.values(managed.secrets).find(({ make }) => make === "nothing")
  const access = {
    ...(token === undefined ? {} : { token: beside(path, resolve(from, token.file)) }),
    ...(credentials === undefined ? {} : { registryCredentials: beside(path, resolve(from, credentials.file)) }),
  }
  if (app.updates !== undefined) return completed(settings, app.name, app.updates, access)
  const told = {
    source: "manifest",
    url: managed.url,
    channel: managed.channel,
    ...(key === undefined ? {} : { key: beside(path, resolve(from, key.file)), keyDigest: managed.keyDigest }),
    services: Object.keys(release.images),
    repositories: [...managed.repositories],
    ...access,
  }
  return [edited(settings, app.name, told)]
}

function completed(
  { path, text }: SettingsPlace,
  app: string,
  rules: UpdateRules,
  access: Partial<Record<(typeof ADDED_TO_A_BLOCK)[number], string>>,
): readonly FileEdit[] {
  const has = { token: rules.tokenFile !== null, registryCredentials: rules.credentialsFile !== null }
  const after = ADDED_TO_A_BLOCK.reduce((made, name) => {
    const value = access[name]
    return has[name] || value === undefined ? made : putMember(made, ["apps", app, "updates", name], value)
  }, text)
  return after === text ? [] : [{ path, before: text, after }]
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
