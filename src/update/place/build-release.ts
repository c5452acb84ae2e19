import type { App } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { BuiltRelease, InstallableRelease } from "../../release/installable.ts"
import { missingImages, pinnedReference } from "./pull-images.ts"
import { changedEnvironment, requireSameElsewhere, withSource, type SourceProject, type SourceUse } from "./source-project.ts"

/** From a cold start, on a small machine. */
const BUILD_LIMIT_MS = 2 * 3_600_000

/** Service → variables that have another value in the new commit. */
export type ChangedEnvironment = ReturnType<typeof changedEnvironment>

/**
 * Builds the images of a release while the app runs, from the files of its commit laid out beside; what is here already is not built again.
 * Throws UPDATE_BUILD_FAILED, PIN_REFUSED, COMPOSE_INVALID, RELEASE_INVALID, SPACE_MISSING, PLAN_STALE.
 */
export async function buildRelease(tools: SourceUse, app: App, release: InstallableRelease, ctx: RunContext): Promise<ChangedEnvironment> {
  const { compose } = app
  const { built } = release
  if (built === undefined || compose === null) return {}
  const services = Object.keys(release.images)
  const build = async (source: SourceProject): Promise<ChangedEnvironment> => {
    requireSameElsewhere(source, services)
    if ((await missingImages(tools.containers, release, ctx)).length > 0) await buildAll(tools, source, release, built, ctx)
    await forgetOlder(tools, release, built, ctx)
    return changedEnvironment(source, services)
  }
  return await withSource(tools, app, compose, built, build, ctx)
}

async function buildAll(
  tools: SourceUse,
  source: SourceProject,
  release: InstallableRelease,
  built: BuiltRelease,
  ctx: RunContext,
): Promise<void> {
  if (tools.containers.build === undefined)
    throw new HoldfastError("UPDATE_BUILD_FAILED", { what: `${release.version} cannot be built`, why: "this engine builds nothing" })
  const builders = source.model.services.filter(({ name, builds }) => builds && release.images[name] !== undefined)
  const images = Object.fromEntries(
    builders
      .flatMap(({ name }) => Object.entries(release.images).filter(([service]) => service === name))
      .map(([name, image]) => [name, pinnedReference(image)]),
  )
  ctx.progress.note(`building ${Object.keys(images).join(", ")} of ${release.version}`)
  const labels = { "org.opencontainers.image.revision": built.to }
  await tools.containers.build(source.project, { images, labels, timeoutMs: BUILD_LIMIT_MS }, ctx)
  const missing = await missingImages(tools.containers, release, ctx)
  if (missing.length > 0)
    throw new HoldfastError("UPDATE_BUILD_FAILED", {
      what: `${release.version} was not built whole`,
      why: `${missing.join(", ")} is missing`,
    })
}

/** Names that earlier updates gave; images that an update keeps for its rollback have a name of their own. */
async function forgetOlder(
  { containers }: SourceUse,
  { images }: InstallableRelease,
  { from }: BuiltRelease,
  ctx: RunContext,
): Promise<void> {
  for (const { repository, tag } of Object.values(images)) {
    const needed = new Set([`${repository}:${tag}`, `${repository}:${from.slice(0, 12)}`])
    const old = ((await containers.imageNames?.(repository, ctx)) ?? []).filter((name) => !needed.has(name))
    for (const name of old) await containers.untagImage(name, ctx)
  }
}
