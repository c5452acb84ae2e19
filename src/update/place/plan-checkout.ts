import { relative } from "node:path"
import type { App, ComposeProject } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { BuiltRelease, InstallableRelease } from "../../release/installable.ts"
import { checkoutOf } from "./checkout.ts"
import { requireSameElsewhere, sourceCopy, withSource, type SourceUse } from "./source-project.ts"
import type { UpdatePlan } from "../update-plan.ts"

/** More are counted. */
const MOST_NAMED = 10

/**
 * Whether the checkout may move, and what of the project's own files that changes. Nothing is changed. Throws CHECKOUT_REFUSED, PLAN_STALE,
 * PIN_REFUSED, COMPOSE_INVALID.
 */
export async function planCheckout(
  tools: SourceUse,
  app: App,
  compose: ComposeProject,
  release: InstallableRelease,
  built: BuiltRelease,
  ctx: RunContext,
): Promise<UpdatePlan["edits"]> {
  await requireMovable(tools, app, built, ctx)
  const copy = await sourceCopy(tools, app, [built.from, built.to], ctx)
  const obstacles = await copy.obstacles(built.to, ctx)
  if (obstacles.length > 0) throw refused(`${release.version} cannot be built from its git repository alone`, obstacles.join("; "))
  await withSource(
    tools,
    app,
    compose,
    built,
    async (source) => await Promise.resolve(requireSameElsewhere(source, Object.keys(release.images))),
    ctx,
  )
  const edits: { path: string; diff: string }[] = []
  for (const path of compose.files) {
    const diff = await copy.difference(built.from, built.to, relative(built.root, path), ctx)
    if (diff !== "") edits.push({ path, diff })
  }
  return edits
}

/**
 * The checkout is where it was when the release was found, and nothing of somebody would be written over. Throws CHECKOUT_REFUSED, PLAN_STALE.
 */
export async function requireMovable(tools: SourceUse, app: App, built: BuiltRelease, ctx: RunContext): Promise<void> {
  const { root, head, changed, underWay } = await checkoutOf(tools.sources, app, ctx)
  if (root !== built.root || head !== built.from)
    throw new HoldfastError("PLAN_STALE", { what: `${root} was moved to commit ${head.slice(0, 12)} meanwhile` })
  if (underWay !== null) throw refused(`a ${underWay} was begun in ${root} and not finished`)
  if (changed.length > 0)
    throw refused(
      `files of ${root} that git tracks were changed here`,
      named(changed),
      "Nothing was changed. Take the changes back (`git restore`), or move them into an override file, which git does not track.",
    )
  const copy = await sourceCopy(tools, app, [built.from, built.to], ctx)
  const added = (await copy.changedPaths(built.from, built.to, ctx)).flatMap(({ path, change }) => (change === "added" ? [path] : []))
  const inTheWay = await tools.sources.checkouts.inTheWay(root, added, ctx)
  if (inTheWay.length > 0)
    throw refused(
      `files of yours lie in ${root} where the new commit has files of its own`,
      named(inTheWay),
      "Nothing was changed. Move them elsewhere, then plan the update again.",
    )
}

function refused(what: string, why?: string, hint?: string): HoldfastError {
  return new HoldfastError("CHECKOUT_REFUSED", { what, ...(why === undefined ? {} : { why }), ...(hint === undefined ? {} : { hint }) })
}

function named(paths: readonly string[]): string {
  const more = paths.length - MOST_NAMED
  return `${paths.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`
}
