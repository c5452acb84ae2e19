import { resolve } from "node:path"
import type { InstallRules, UpdateRules } from "../app/app.ts"
import type { Recipe } from "../app/recipe.ts"
import type { ResolveGround } from "./resolve-database.ts"
import { milliseconds } from "./resolve-health.ts"
import type { AppSettings } from "./schema.ts"

/** New tags of a registry are left alone for a day: most that are withdrawn are withdrawn in it. */
const DEFAULT_MINIMUM_AGE_MS = 24 * 3_600_000

/** Where updates come from, by settings and recipe; null where the settings do not say. */
export function resolveUpdates(given: AppSettings["updates"], recipe: Recipe | null, ground: ResolveGround): UpdateRules | null {
  if (given === undefined) return null
  const { source, channel, timezone, window, automatic, versions, tagPattern, branch, keyDigest } = given
  const place = (path: string | undefined): string | null => (path === undefined ? null : resolve(ground.directory, path))
  return {
    source,
    url: given.url === undefined ? null : addressOf(given.url, ground),
    channel,
    product: given.product ?? recipe?.name ?? ground.appName,
    keyFile: place(given.key),
    keyDigest: keyDigest ?? null,
    services: given.services ?? servicesOf(recipe, ground),
    repositories: given.repositories ?? recipe?.updates?.repositories ?? [],
    versions: versions ?? null,
    tagPattern: tagPattern ?? null,
    branch: branch ?? null,
    minimumAgeMs: milliseconds(given.minimumAge) ?? (source === "registry" ? DEFAULT_MINIMUM_AGE_MS : 0),
    window: window ?? null,
    timezone,
    automatic,
    rollbackWindowMs: milliseconds(given.rollbackWindow) ?? 0,
    stabilityMs: milliseconds(given.stability) ?? 0,
    timeoutMs: milliseconds(given.timeout) ?? 0,
    expectVersion: given.expectVersion ?? recipe?.updates?.expectVersion ?? true,
    credentialsFile: place(given.registryCredentials),
    tokenFile: place(given.token),
    ...(given.install === undefined ? {} : { install: installRules(given.install, ground) }),
  }
}

function installRules(given: NonNullable<NonNullable<AppSettings["updates"]>["install"]>, { directory }: ResolveGround): InstallRules {
  return {
    link: resolve(directory, given.link),
    releases: resolve(directory, given.releases),
    build: given.build ?? null,
    preFlight: given.preFlight ?? null,
    migrate: given.migrate ?? null,
  }
}

/** The recipe's services that this project has: the vendor's updater, say, is not set up everywhere. */
function servicesOf(recipe: Recipe | null, { found }: ResolveGround): readonly string[] | null {
  const declared = found?.services ?? []
  const services = (recipe?.updates?.services ?? []).filter((name) => declared.includes(name))
  return services.length === 0 ? null : services
}

/** A variable that is not set leaves its name in the place of an address: updates then say so, and backups are made all the same. */
function addressOf(url: string, { lookUp }: ResolveGround): string {
  return url.startsWith("env:") ? (lookUp(url.slice("env:".length)) ?? url) : url
}
