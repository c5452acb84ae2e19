/** The compose project as another commit of its checkout has it, in a directory beside: to be looked at and built, while the app runs from where it is. */
import { randomBytes } from "node:crypto"
import { access, mkdir, realpath, rm, rmdir, symlink } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { z } from "zod"
import type { App, ComposeProject } from "../../app/app.ts"
import type { ComposeModel } from "../../app/ports.ts"
import { canonicalJson } from "../../base/canonical-json.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { SourceCopy } from "../../release/git-ports.ts"
import type { BuiltRelease } from "../../release/installable.ts"
import type { UpdateTools } from "../ports.ts"

export type SourceUse = Pick<UpdateTools, "containers" | "sources" | "scratchDirectory">

export interface SourceProject {
  /** Where the commit is laid out. */
  readonly directory: string
  /** The checkout's top directory, by the name that the project's files have it. */
  readonly liveRoot: string
  /** Files of the commit, and those of the operator that lie outside of it or are not tracked. */
  readonly project: ComposeProject
  readonly model: ComposeModel
  /** What runs now, resolved from where it is. */
  readonly live: ComposeModel
}

/** Our own copy, which has these commits. Throws PLAN_STALE where one was lost since it was found. */
export async function sourceCopy(
  tools: Pick<UpdateTools, "sources">,
  app: Pick<App, "name">,
  commits: readonly string[],
  ctx: RunContext,
): Promise<SourceCopy> {
  const copy = await tools.sources.repositories.copy(app.name, ctx)
  if (copy === null) throw new HoldfastError("PLAN_STALE", { what: `the copy of the git repository of ${app.name} is not there any more` })
  for (const commit of commits) {
    if (await copy.has(commit, ctx)) continue
    throw new HoldfastError("PLAN_STALE", {
      what: `the copy of the git repository of ${app.name} does not have ${commit.slice(0, 12)} any more`,
    })
  }
  return copy
}

/**
 * Lays the commit out beside, resolves the project there, and takes everything away again afterwards. Throws RELEASE_INVALID, COMPOSE_INVALID
 * with compose's own words, SPACE_MISSING.
 */
export async function withSource<T>(
  tools: SourceUse,
  app: App,
  compose: ComposeProject,
  built: BuiltRelease,
  use: (source: SourceProject) => Promise<T>,
  ctx: RunContext,
): Promise<T> {
  const copy = await sourceCopy(tools, app, [built.from, built.to], ctx)
  const directory = join(tools.scratchDirectory, ctx.operationId, `source-${randomBytes(4).toString("hex")}`)
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 })
  try {
    await copy.exportTo(built.to, directory, ctx)
    const live = await tools.containers.compose(compose, ctx)
    await lendFiles(live, built.root, directory)
    const place = (await below(built.root, compose.projectDirectory)) ?? ""
    const project = await projectIn(compose, built.root, directory, place)
    const liveRoot = place === "" ? compose.projectDirectory : compose.projectDirectory.slice(0, -place.length - 1)
    return await use({ directory, liveRoot, project, model: await tools.containers.compose(project, ctx), live })
  } finally {
    await rm(directory, { recursive: true, force: true })
    // A look outside of any operation leaves nothing; an operation may have more in it.
    await rmdir(dirname(directory)).catch(() => undefined)
  }
}

/** Files of the operator that the project reads (environment, secrets) are there as links: a build that copies everything gets no secret. */
async function lendFiles(live: ComposeModel, root: string, directory: string): Promise<void> {
  const read = [...live.services.flatMap(({ envFiles }) => envFiles), ...Object.values(live.secretFiles)]
  for (const path of new Set(read)) {
    const inside = await below(root, path)
    if (inside === null || (await isThere(join(directory, inside))) || !(await isThere(path))) continue
    await mkdir(dirname(join(directory, inside)), { recursive: true })
    await symlink(path, join(directory, inside))
  }
}

async function projectIn(compose: ComposeProject, root: string, directory: string, place: string): Promise<ComposeProject> {
  const files: string[] = []
  for (const file of compose.files) {
    const inside = await below(root, file)
    // An override of the operator is not tracked: it stays where it is.
    files.push(inside !== null && (await isThere(join(directory, inside))) ? join(directory, inside) : file)
  }
  const own = join(compose.projectDirectory, ".env")
  const tracked = join(directory, place, ".env")
  const envFiles = compose.envFiles ?? (!(await isThere(tracked)) && (await isThere(own)) ? [own] : undefined)
  return { ...compose, files, projectDirectory: join(directory, place), ...(envFiles === undefined ? {} : { envFiles }) }
}

/** Null for a path outside. What is a link is asked where it lies, not where it leads. */
async function below(root: string, path: string): Promise<string | null> {
  const inside = relative(root, join(await realpath(dirname(path)).catch(() => dirname(path)), path.slice(dirname(path).length)))
  return inside.startsWith("..") ? null : inside
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

const documentSchema = z.looseObject({ services: z.record(z.string(), z.record(z.string(), z.json())).default({}) })

/** Of a service that is made anew these may change with its image; where its data lies and what it is called may not. */
const MAY_CHANGE = new Set(
  (
    "build environment command entrypoint healthcheck labels depends_on deploy restart stop_grace_period stop_signal user working_dir init " +
    "ports expose cap_add cap_drop security_opt read_only tmpfs ulimits logging sysctls shm_size mem_limit cpus pull_policy annotations"
  ).split(" "),
)

/**
 * Throws PIN_REFUSED naming what the commit changes besides the services that are made anew: an update changes these and nothing else.
 */
export function requireSameElsewhere(source: SourceProject, services: readonly string[]): void {
  const before = documentSchema.parse(source.live.document)
  // Quoted, as JSON has it inside of a text.
  const [beside, place] = [source.directory, source.liveRoot].map((path) => JSON.stringify(path).slice(1, -1))
  const after = documentSchema.parse(JSON.parse(JSON.stringify(source.model.document).replaceAll(beside ?? "", place ?? "")))
  const names = [...new Set([...Object.keys(before.services), ...Object.keys(after.services)])].toSorted()
  const differences = [
    ...names.flatMap((name) => serviceDifferences(name, before.services[name], after.services[name], services.includes(name))),
    ...membersThatDiffer({ ...before, services: {} }, { ...after, services: {} }).map((member) => `${member} of the project`),
  ]
  if (differences.length === 0) return
  throw new HoldfastError("PIN_REFUSED", {
    what: "the new commit changes more than the services that are built here",
    why: `it changes ${differences.join(", ")}`,
    hint: "Nothing was changed. Make this one update by hand, after a backup; the next ones can be left to Holdfast again.",
  })
}

type Members = Readonly<Record<string, unknown>>

function serviceDifferences(name: string, before: Members | undefined, after: Members | undefined, isMoved: boolean): readonly string[] {
  if (before === undefined) return [`service ${name}, which is new`]
  if (after === undefined) return [`service ${name}, which is no more`]
  return membersThatDiffer(before, after)
    .filter((member) => !isMoved || !MAY_CHANGE.has(member))
    .map((member) => `${member} of ${name}`)
}

function membersThatDiffer(before: Members, after: Members): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  const text = (value: unknown): string => canonicalJson(z.json().parse(value ?? null))
  return names.filter((name) => text(before[name]) !== text(after[name]))
}

/** Service → variables that the commit gives another value, so that the rehearsal runs with what the update will run with. */
export function changedEnvironment(
  { live, model }: SourceProject,
  services: readonly string[],
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const changes = services.map((name) => {
    const before = live.services.find((service) => service.name === name)?.environment ?? {}
    const after = model.services.find((service) => service.name === name)?.environment ?? {}
    const other = Object.entries(after).filter(([variable, value]) => before[variable]?.reveal() !== value.reveal())
    return [name, Object.fromEntries(other.map(([variable, value]) => [variable, value.reveal()]))] as const
  })
  return Object.fromEntries(changes.filter(([, variables]) => Object.keys(variables).length > 0))
}
