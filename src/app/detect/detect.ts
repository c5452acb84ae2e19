/** Finds what an app consists of, from its resolved compose project and what runs of it; and says what it leaves out, and why. */
import { dirname } from "node:path"
import type { ComposeProject } from "../app.ts"
import type { FoundProject } from "../compose/project.ts"
import { interpolate } from "../interpolate.ts"
import type { Recipes } from "../load-recipes.ts"
import type { ComposeModel, ComposeService, ServiceState } from "../ports.ts"
import type { Recipe } from "../recipe.ts"
import type { Detection, FoundDatabase } from "./detection.ts"
import { findHealth } from "./health.ts"
import { kindOf, repositoryOf } from "./image-kind.ts"
import { findNameless, namelessVolumes } from "./nameless.ts"
import { findPostgres, uniqueNames } from "./postgres.ts"
import { findUncopied } from "./uncopied.ts"
import { findTrees, type PlaceFacts } from "./trees.ts"

export interface DetectRequest {
  readonly appName: string
  readonly found: FoundProject
  readonly model: ComposeModel
  /** Empty when nothing runs. */
  readonly states: readonly ServiceState[]
  readonly facts: PlaceFacts & { readonly exists: (path: string) => boolean }
  readonly recipes: Recipes
  /** Chosen by the operator; null: recognised by image or service. */
  readonly recipeName: string | null
}

export function detect(request: DetectRequest): Detection {
  const { model, found, facts } = request
  const recipe = request.recipeName === null ? recognise(model, request.recipes) : (request.recipes[request.recipeName] ?? null)
  const secrets = findSecrets(model, found, recipe, facts.exists)
  const postgres = findPostgres(model, found.envFile.values)
  const fill = (text: string): string => interpolate(text, (name) => found.envFile.values.get(name))
  const trees = findTrees(model, facts, recipe, secrets, { projectDirectory: found.project.projectDirectory, fill })
  const databases = uniqueNames([...postgres.databases, ...trees.sqlite])
  const nameless = findNameless(model, request.states)
  const unnamed = namelessVolumes(model, request.states)
  const mountsOf = ({ name, mounts }: ComposeService): number => mounts.length + unnamed.filter(({ service }) => service === name).length
  const engines = model.services.flatMap((service) => withoutMount(service.name, kindOf(service), mountsOf(service)))
  return {
    appName: request.appName,
    project: found.project,
    nameIsGiven: false,
    recipe: recipe?.name ?? null,
    databases,
    files: trees.files,
    secrets,
    health: recipe?.health === undefined ? findHealth(model) : null,
    uncopied: findUncopied(model),
    leftOut: [...trees.leftOut, ...nameless.leftOut],
    notProtected: [...trees.notProtected, ...nameless.notProtected, ...engines],
    unknown: [...postgres.unknown, ...trees.unknown, ...unknownOf(databases, recipe, request)],
    notes: notesOf(request, recipe),
  }
}

/** An unknown engine that mounts nothing keeps its data in the container's own layer. */
function withoutMount(service: string, kind: ReturnType<typeof kindOf>, mounts: number): readonly { what: string; why: string }[] {
  if (kind.kind === "unknown-database" && mounts === 0)
    return [
      {
        what: `service ${service}`,
        why: `runs ${kind.engine} with its data inside the container, gone with it; Holdfast does not know this engine`,
      },
    ]
  return []
}

/** By image first; a service's name alone counts only where its image is built here. */
function recognise(model: ComposeModel, recipes: Recipes): Recipe | null {
  const candidates = Object.values(recipes)
  const repositories = model.services.map((service) => repositoryOf(service.image))
  const byImage = candidates.find((recipe) =>
    recipe.detect.images.some((image) => repositories.some((repository) => repository === image || repository.endsWith(`/${image}`))),
  )
  const byService = candidates.find((recipe) =>
    model.services.some((service) => service.builds && recipe.detect.services.includes(service.name)),
  )
  return byImage ?? byService ?? null
}

/** Compose's file secrets (the folder when they share one beside the compose file), `secrets/` and `.env`. */
function findSecrets(
  model: ComposeModel,
  found: FoundProject,
  recipe: Recipe | null,
  exists: (path: string) => boolean,
): readonly string[] {
  const base = found.project.projectDirectory
  const folder = `${base}/secrets`
  const declared = Object.values(model.secretFiles).map((file) => (dirname(file) === folder ? folder : file))
  const known = (recipe?.secrets ?? []).map((path) => `${base}/${path.replace(/^\.\//, "")}`)
  const envFiles = model.services
    .flatMap((service) => service.envFiles)
    .map((file) => (file.startsWith("/") ? file : `${base}/${file.replace(/^\.\//, "")}`))
  const usual = [folder, found.envFilePath, ...envFiles].filter((path) => exists(path))
  return [...new Set([...declared, ...known, ...usual])]
}

function unknownOf(databases: readonly FoundDatabase[], recipe: Recipe | null, request: DetectRequest): readonly string[] {
  const none = databases.length === 0 ? ["no database was found; if the app has one, name it under `databases`"] : []
  const health =
    recipe?.health === undefined && findHealth(request.model) === null
      ? ["no health check was found; without `health` a restore is judged by whether the services run"]
      : []
  return [...none, ...health]
}

function notesOf(request: DetectRequest, recipe: Recipe | null): readonly string[] {
  const { model, states, found } = request
  const running = new Set(states.filter((state) => state.state === "running").map((state) => state.service))
  const down = model.services.filter((service) => !running.has(service.name)).map((service) => service.name)
  const profiled = model.services
    .filter((service) => service.profiles.length > 0)
    .map((service) => `${service.name} (${service.profiles.join(", ")})`)
  const built = model.services.filter((service) => service.builds).map((service) => service.name)
  const { files } = found.project satisfies ComposeProject
  const uncopied = findUncopied(model).map(({ what, why }) => `${what} (${why})`)
  return [
    ...(down.length > 0 ? [`not running now: ${down.join(", ")}`] : []),
    ...(profiled.length > 0 ? [`only in a profile: ${profiled.join(", ")}`] : []),
    ...(built.length > 0 ? [`built on this host, so their images are saved too: ${built.join(", ")}`] : []),
    ...(uncopied.length > 0
      ? [`no sandbox can have ${uncopied.join(", ")}; \`sandbox: { without }\` in the settings lets drills and rehearsals do without it`]
      : []),
    ...(files.length > 1 ? [`with override: ${files.slice(1).join(", ")}`] : []),
    ...(found.envFile.duplicates.length > 0
      ? [`written more than once in .env, where the last one counts: ${found.envFile.duplicates.join(", ")}`]
      : []),
    ...(recipe?.notes ?? []),
  ]
}
