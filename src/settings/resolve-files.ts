import { existsSync, statSync } from "node:fs"
import { resolve } from "node:path"
import type { FileSource, Place } from "../app/app.ts"
import type { FilesRead } from "../app/compose/read-files.ts"
import { interpolate } from "../app/interpolate.ts"
import type { Recipe } from "../app/recipe.ts"
import { isInside } from "../app/tree/inside.ts"
import type { ResolveGround } from "./resolve-database.ts"
import type { AppSettings, FilesSettings } from "./schema.ts"

type RecipeFiles = Recipe["files"][string]

/** File trees of settings and recipe: by name, what is said explicitly first. */
export function resolveFiles(explicit: AppSettings["files"], recipe: Recipe | null, ground: ResolveGround): readonly FileSource[] {
  const names = explicit === undefined ? Object.keys(recipe?.files ?? {}) : Object.keys(explicit)
  return names.map((name) => fileSource(name, explicit?.[name], recipe?.files[name], ground))
}

function fileSource(name: string, given: FilesSettings | undefined, known: RecipeFiles | undefined, ground: ResolveGround): FileSource {
  return {
    name,
    place: given === undefined ? recipePlace(known, ground) : givenPlace(given, ground),
    exclude: given?.exclude ?? known?.exclude ?? [],
    defaultOwner: given?.owner === undefined ? (known?.owner ?? null) : parseOwner(given.owner),
    mustBeMounted: given?.mustBeMounted ?? false,
  }
}

function givenPlace(given: FilesSettings, ground: ResolveGround): Place {
  return given.volume === undefined
    ? { path: resolve(ground.directory, given.path ?? ".") }
    : { volume: given.volume, path: given.path ?? "" }
}

/** A recipe's paths are relative to the project's folder and may use its `.env` (`${DATA_DIR:-./data}/files`, C86). */
function recipePlace(known: RecipeFiles | undefined, ground: ResolveGround): Place {
  const path = interpolate(known?.path ?? "", ground.lookUp)
  return known?.volume === undefined ? { path: resolve(projectDirectory(ground), path) } : { volume: known.volume, path }
}

function parseOwner(text: string): { uid: number; gid: number } {
  const [uid, gid] = text.split(":")
  return { uid: Number(uid), gid: Number(gid) }
}

function projectDirectory(ground: ResolveGround): string {
  return ground.found?.project.projectDirectory ?? ground.directory
}

/**
 * Secrets as said, else the recipe's, else `secrets/` and `.env` where they exist. A named one that is missing is found by the capture, loudly. And
 * every file with secrets or variables that the compose project reads, wherever it lies; an empty one is configuration, for no secret is blank.
 */
export function resolveSecrets(
  explicit: readonly string[] | undefined,
  recipe: Recipe | null,
  read: FilesRead,
  ground: ResolveGround,
): readonly string[] {
  const named = namedSecrets(explicit, recipe, ground)
  return [...named, ...read.secrets.filter((path) => !isCovered(path, named) && statSync(path).size > 0)]
}

function namedSecrets(explicit: readonly string[] | undefined, recipe: Recipe | null, ground: ResolveGround): readonly string[] {
  if (explicit !== undefined) return explicit.map((path) => resolve(ground.directory, path))
  const base = projectDirectory(ground)
  if (recipe !== null && ground.found !== null) return recipe.secrets.map((path) => resolve(base, interpolate(path, ground.lookUp)))
  return ["secrets", ".env"].map((path) => resolve(base, path)).filter((path) => existsSync(path))
}

/** Compose files with overrides and what they read, `.env` where no secret covers it, the recipe's files that exist, and what is said explicitly. */
export function resolveConfiguration(
  explicit: readonly string[] | undefined,
  recipe: Recipe | null,
  read: FilesRead,
  held: readonly string[],
  ground: ResolveGround,
): readonly string[] {
  const base = projectDirectory(ground)
  const own = ground.found === null ? [] : [...ground.found.project.files, ground.found.envFilePath]
  const known = (recipe?.configuration ?? []).map((path) => resolve(base, interpolate(path, ground.lookUp)))
  const optional = [...own, ...known].filter((path) => existsSync(path))
  const said = (explicit ?? []).map((path) => resolve(ground.directory, path))
  const named = [...new Set([...optional, ...said])].filter((path) => !held.includes(path))
  return [...named, ...[...read.configuration, ...read.secrets].filter((path) => !isCovered(path, [...held, ...named]))]
}

/** It, or a folder that it is in. */
function isCovered(path: string, by: readonly string[]): boolean {
  return by.some((one) => one === path || isInside(one, path))
}
