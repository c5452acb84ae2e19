import type { ContainerEngine } from "../../app/ports.ts"
import { namePulled } from "../../app/pulled-names.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { InstallableRelease, ReleaseImage } from "../../release/installable.ts"

/** What an image is asked for and run by: never by its tag, but for one that was built here and bears a name of ours. */
export function pinnedReference({ repository, digest, tag }: ReleaseImage): string {
  return digest.startsWith(BUILT_FROM) ? `${repository}:${tag ?? ""}` : `${repository}@${digest}`
}

/** Stands in the place of a digest for an image that is built here, before the commit. */
export const BUILT_FROM = "commit:"

/** Every image of the release, once each. */
export function imagesOfRelease(release: Pick<InstallableRelease, "images">): readonly string[] {
  return [...new Set(Object.values(release.images).map(pinnedReference))].toSorted()
}

/** Those that are not on this machine yet. */
export async function missingImages(
  containers: ContainerEngine,
  release: Pick<InstallableRelease, "images">,
  ctx: RunContext,
): Promise<readonly string[]> {
  const missing: string[] = []
  for (const reference of imagesOfRelease(release)) if (!(await containers.imagePresent(reference, ctx))) missing.push(reference)
  return missing
}

/**
 * Pulls what is missing while the app runs; what is here already is not asked for again, so that a registry that is away does not matter.
 * Each is proven to be made for this machine, and has a name of ours until `letPulledGo`, so that no clean-up takes it meanwhile.
 * Throws IMAGE_MISSING, IMAGE_PLATFORM_MISSING, REGISTRY_AUTH_FAILED, REGISTRY_FAILED, SPACE_MISSING.
 */
export async function pullReleaseImages(
  tools: { readonly containers: Pick<ContainerEngine, "imagePresent" | "pullImage" | "tagImage"> },
  release: Pick<InstallableRelease, "images">,
  ctx: RunContext,
): Promise<void> {
  const { containers } = tools
  for (const reference of imagesOfRelease(release)) {
    if (!(await containers.imagePresent(reference, ctx))) ctx.progress.note(`pulling ${reference}`)
    await containers.pullImage(reference, ctx)
    await namePulled(containers, reference, ctx)
  }
}
