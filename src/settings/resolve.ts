import { resolve } from "node:path"
import type { App, DrillSchedule, Keep, Schedule } from "../app/app.ts"
import { findComposeProject, type FoundProject } from "../app/compose/project.ts"
import { filesRead } from "../app/compose/read-files.ts"
import type { Recipes } from "../app/load-recipes.ts"
import type { Recipe } from "../app/recipe.ts"
import { HoldfastError } from "../base/errors.ts"
import type { Environment } from "./find.ts"
import { heldBeside } from "./held-beside.ts"
import { resolveDatabases, type ResolveGround } from "./resolve-database.ts"
import { resolveConfiguration, resolveFiles, resolveSecrets } from "./resolve-files.ts"
import { milliseconds, resolveChecks, resolveHealth } from "./resolve-health.ts"
import { resolveUpdates } from "./resolve-updates.ts"
import type { AppSettings, VaultSettings } from "./schema.ts"
import type { Settings } from "./settings.ts"
import { CRON_PRESETS } from "./value.ts"

/** What a schedule keeps when it does not say. */
export const DEFAULT_KEEP: Keep = { last: 3, daily: 7, weekly: 4, monthly: 12 }
/** Every version of secrets and configuration, for a year. */
export const DEFAULT_CHANGE_KEEP: Keep = { withinMs: 365 * 86_400_000 }
const CHANGE_PARTS = ["secrets", "configuration"]

/**
 * One app with everything that settings, recipe, compose files and `.env` say about it. Paths become absolute: those of the
 * settings relative to the settings file, those of a recipe relative to the project's folder.
 * @throws APP_UNKNOWN, RECIPE_UNKNOWN, COMPOSE_INVALID, SECRET_UNAVAILABLE, SETTINGS_INVALID
 */
export function resolveApp(settings: Settings, name: string, tools: { environment: Environment; recipes: Recipes }): App {
  const given = settings.apps[name]
  if (given === undefined) {
    const known = Object.keys(settings.apps)
    throw new HoldfastError("APP_UNKNOWN", {
      what: `there is no app called ${name}`,
      why: known.length === 0 ? "no app is set up" : `there is ${known.join(", ")}`,
    })
  }
  const recipe = recipeOf(given, tools.recipes)
  const found = composeProject(settings, given, tools.environment)
  const ground: ResolveGround = {
    appName: name,
    directory: settings.directory,
    found,
    lookUp: (variable) => tools.environment[variable] ?? found?.envFile.values.get(variable),
  }
  const updates = resolveUpdates(given.updates, recipe, ground)
  const leaveOut = [
    ...(given.leaveOut ?? []).map((one) => leftOut(one, settings.directory)),
    ...heldBeside(settings, given, tools.recipes, ground),
  ]
  return {
    ...assemble(settings, given, recipe, ground),
    ...(leaveOut.length === 0 ? {} : { leaveOut }),
    ...(updates === null ? {} : { updates }),
  }
}

function assemble(settings: Settings, given: AppSettings, recipe: Recipe | null, ground: ResolveGround): App {
  const read = ground.found === null ? { configuration: [], secrets: [] } : filesRead(ground.found.project, ground.lookUp)
  const secrets = resolveSecrets(given.secrets, recipe, read, ground)
  const files = resolveFiles(given.files, recipe, ground)
  const trees = files.flatMap(({ place }) => ("volume" in place ? [] : [place.path]))
  const vaults = given.vaults ?? Object.keys(settings.vaults)
  return {
    name: ground.appName,
    ...versionOf(settings),
    recipe,
    compose: ground.found?.project ?? null,
    run: given.run ?? null,
    databases: resolveDatabases(given.databases, recipe, ground),
    files,
    secrets,
    configuration: [
      ...resolveConfiguration(given.configuration, recipe, read, [...secrets, ...trees], ground),
      ...(settings.file === null ? [] : [settings.file]),
    ],
    images: given.images,
    health: resolveHealth(given.health, recipe),
    checks: resolveChecks(given.checks, settings.directory),
    hooks: { before: given.hooks?.before ?? [], after: given.hooks?.after ?? [] },
    schedules: mapValues(given.schedules, (schedule) => resolveSchedule(schedule, vaults)),
    drills: mapValues(given.drills, resolveDrill),
    ...(given.sandbox === undefined ? {} : { copiesWithout: given.sandbox.without }),
    objectives: { exposureMs: milliseconds(given.objectives?.exposure), recoveryTimeMs: milliseconds(given.objectives?.recoveryTime) },
    thresholds: { collapseRatio: given.thresholds?.collapseRatio ?? 0.5, collapseFloor: given.thresholds?.collapseFloor ?? 20 },
    vaults,
  }
}

/** As compose tells them apart: a path begins with a dot or a slash. */
function leftOut(one: string, directory: string): string {
  return /^[./]/.test(one) ? resolve(directory, one) : one
}

function versionOf({ dropIn }: Settings): Pick<App, "version"> {
  return dropIn === undefined || dropIn.version === null ? {} : { version: dropIn.version }
}

function recipeOf(given: AppSettings, recipes: Recipes): Recipe | null {
  if (given.recipe === undefined) return null
  const recipe = recipes[given.recipe]
  if (recipe !== undefined) return recipe
  throw new HoldfastError("RECIPE_UNKNOWN", {
    what: `there is no recipe called ${given.recipe}`,
    why: `there is ${Object.keys(recipes).join(", ")}`,
  })
}

function composeProject(settings: Settings, given: AppSettings, environment: Environment): FoundProject | null {
  if (given.compose === undefined) return null
  const said = typeof given.compose === "string" || Array.isArray(given.compose) ? { files: given.compose } : given.compose
  const files = (Array.isArray(said.files) ? said.files : [said.files]).map((file) => resolve(settings.directory, file))
  return findComposeProject({
    files,
    exactly: Array.isArray(said.files),
    projectName: said.project ?? null,
    projectDirectory: said.directory === undefined ? null : resolve(settings.directory, said.directory),
    profiles: said.profiles ?? null,
    environment: Object.keys(settings.apps).length === 1 ? environment : withoutComposeVariables(environment),
  })
}

/** With several apps, a project name in the shell can be that of one of them only; it must not rename the others. */
function withoutComposeVariables(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("COMPOSE_")))
}

function resolveSchedule(given: NonNullable<AppSettings["schedules"]>[string], vaults: readonly string[]): Schedule {
  const onChange = given.on === "change"
  return {
    cron: CRON_PRESETS[given.cron] ?? given.cron,
    timezone: given.timezone,
    vault: given.vault ?? vaults[0] ?? "",
    copies: given.copies,
    keep: given.keep === undefined ? (onChange ? DEFAULT_CHANGE_KEEP : DEFAULT_KEEP) : resolveKeep(given.keep),
    enabled: given.enabled,
    cold: given.cold,
    only: onChange ? CHANGE_PARTS : (given.only ?? null),
    onChange,
  }
}

function resolveDrill(given: NonNullable<AppSettings["drills"]>[string]): DrillSchedule {
  const { timezone, level, enabled } = given
  return { cron: CRON_PRESETS[given.cron] ?? given.cron, timezone, level, vault: given.vault ?? null, enabled }
}

/** The retention policy in the shape that the retention room takes. */
export function resolveKeep(given: NonNullable<VaultSettings["keep"]>): Keep {
  const { within, ...counts } = given
  const present = Object.entries(counts).filter((entry): entry is [string, number] => entry[1] !== undefined)
  const withinMs = milliseconds(within)
  return { ...Object.fromEntries(present), ...(withinMs === null ? {} : { withinMs }) }
}

function mapValues<From, To>(values: Readonly<Record<string, From>> | undefined, map: (value: From) => To): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, map(value)]))
}
