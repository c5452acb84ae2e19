/** Newer commits or tags of the git repository that an app is built from, as one release. */
import type { App, UpdateRules } from "../../app/app.ts"
import type { ComposeModel } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Checkout } from "../../release/checkout-ports.ts"
import type { FoundReleases, InstallableRelease, ReleaseImage } from "../../release/installable.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { followGit, repositoryAddress } from "./git-next.ts"
import { checkoutOf, composeImage } from "../place/checkout.ts"
import { BUILT_FROM } from "../place/pull-images.ts"

/** Throws UPDATES_NOT_SET_UP, CHECKOUT_REFUSED, RELEASE_SOURCE_*, RELEASE_UNKNOWN, RELEASE_SIGNATURE_*. */
export async function findInGit(
  tools: Pick<FindTools, "sources">,
  subject: FindSubject,
  rules: UpdateRules,
  ctx: RunContext,
): Promise<FoundReleases> {
  const { app, running } = subject
  const checkout = await checkoutOf(tools.sources, app, ctx)
  const images = builtServices(app, running.model)
  const copy = await tools.sources.repositories.fetch(app.name, repositoryAddress(app, rules), ctx)
  const { version, next } = await followGit(copy, rules, checkout, ctx)
  const nothing = { running: version, hops: [], lookedAt: ctx.clock.now(), notices: noticesOf(checkout) }
  if (next === null) return nothing
  const release: InstallableRelease = {
    version: next.version,
    foundIn: "git",
    built: { root: checkout.root, from: checkout.head, to: next.commit },
    images: Object.fromEntries(images.map((service) => [service.name, imageOf(running.model.projectName, service.builder, next.commit)])),
    preFlight: null,
    migrate: null,
    schemaVersion: null,
    notes: next.notes,
    signed: null,
  }
  return { ...nothing, hops: [release] }
}

interface BuiltService {
  readonly name: string
  /** The service whose `build:` makes its image; often itself. */
  readonly builder: string
}

/** Services that are built here, and those that run an image which another one builds. Throws UPDATES_NOT_SET_UP where there is none. */
function builtServices(app: App, model: ComposeModel): readonly BuiltService[] {
  const builders = new Map(model.services.filter(({ builds }) => builds).map((service) => [composeImage(model, service), service.name]))
  const built = model.services.flatMap((service): readonly BuiltService[] => {
    const builder = service.builds ? service.name : builders.get(composeImage(model, service))
    return builder === undefined ? [] : [{ name: service.name, builder }]
  })
  if (built.length > 0) return built
  throw new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `no service of ${app.name} is built here`,
    why: "there is no `build:` in its compose files",
    hint: "Let `updates.source` be `manifest` or `registry`.",
  })
}

/** A name of ours, so that no clean-up takes the image away and it says what it was built from. */
function imageOf(project: string, builder: string, commit: string): ReleaseImage {
  return { repository: builtRepository(project, builder), digest: `${BUILT_FROM}${commit}`, tag: commit.slice(0, 12) }
}

function builtRepository(project: string, builder: string): string {
  return `holdfast-built/${`${project}-${builder}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")}`
}

function noticesOf({ root, changed }: Checkout): readonly string[] {
  return changed.length === 0
    ? []
    : [`${changed.length} tracked files of ${root} were changed here; an update is refused until they are not.`]
}
