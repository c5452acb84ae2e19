import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseDocument } from "yaml"
import { HoldfastError, messageOf } from "../base/errors.ts"
import { type Recipe, recipeSchema } from "./recipe.ts"

export type Recipes = Readonly<Record<string, Recipe>>

/**
 * Every recipe of a folder, by name.
 * @throws RECIPE_INVALID naming the file and what is wrong in it
 */
export function loadRecipes(directory: string): Recipes {
  const files = listed(directory)
  const recipes = files.map((file) => parseRecipe(readFileSync(join(directory, file), "utf8"), join(directory, file)))
  return Object.fromEntries(recipes.map((recipe) => [recipe.name, recipe]))
}

function listed(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith(".yaml"))
      .toSorted()
  } catch (cause) {
    throw new HoldfastError("RECIPE_INVALID", { what: `cannot read the recipes in ${directory}`, why: messageOf(cause), cause })
  }
}

export function parseRecipe(text: string, file: string): Recipe {
  const document = parseDocument(text, { uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new HoldfastError("RECIPE_INVALID", { what: `${file} is not YAML`, why: error.message })
  const parsed = recipeSchema.safeParse(document.toJS())
  if (parsed.success) return parsed.data
  const why = parsed.error.issues.map((issue) => `${issue.path.map(String).join(".")}: ${issue.message}`).join("\n")
  throw new HoldfastError("RECIPE_INVALID", { what: `${file} is not a recipe`, why })
}
