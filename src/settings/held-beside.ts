import { isDeepStrictEqual } from "node:util"
import type { DatabaseSource, FileSource, Place } from "../app/app.ts"
import type { Recipes } from "../app/load-recipes.ts"
import { isHoldfastError } from "../base/errors.ts"
import { resolveDatabases, type ResolveGround } from "./resolve-database.ts"
import { resolveFiles } from "./resolve-files.ts"
import type { AppSettings } from "./schema.ts"
import type { Settings } from "./settings.ts"

/** What the points of other apps hold of the same compose project, named as in `leaveOut`: two apps may well share one database server. */
export function heldBeside(settings: Settings, given: AppSettings, recipes: Recipes, ground: ResolveGround): readonly string[] {
  if (given.compose === undefined) return []
  const others = Object.entries(settings.apps).filter(
    ([name, other]) => name !== ground.appName && isDeepStrictEqual(other.compose, given.compose),
  )
  return others.flatMap(([appName, other]) => namesIn(other, recipes, { ...ground, appName }))
}

/** What is wrong with another app's settings is told by whatever is done with that app. */
function namesIn(given: AppSettings, recipes: Recipes, ground: ResolveGround): readonly string[] {
  const recipe = given.recipe === undefined ? null : (recipes[given.recipe] ?? null)
  try {
    return [
      ...resolveDatabases(given.databases, recipe, ground).flatMap(databaseNames),
      ...resolveFiles(given.files, recipe, ground).map(({ place }: FileSource) => placeName(place)),
    ]
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return []
  }
}

function databaseNames(source: DatabaseSource): readonly string[] {
  if (source.engine === "sqlite") return [placeName(source.place)]
  return source.engine === "postgres" && source.service !== null ? [`${source.service}/${source.database}`] : []
}

function placeName(place: Place): string {
  return "volume" in place ? place.volume : place.path
}
