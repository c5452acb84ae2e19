/** Images that were built from the sources, under the names that compose gives them, and the checkout at their commit. */
import type { App, ComposeProject } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { BuiltRelease, InstallableRelease } from "../../release/installable.ts"
import { buildRelease } from "./build-release.ts"
import { composePlacing } from "./compose-placing.ts"
import type { Placing } from "./placing.ts"
import { requireMovable } from "./plan-checkout.ts"
import type { UpdateTools } from "../ports.ts"
import { keepImages } from "./prepare.ts"
import { sourceCopy } from "./source-project.ts"

/** No file is edited: the checkout brings its own. */
export function checkoutPlacing(tools: UpdateTools, app: App, compose: ComposeProject): Placing {
  return {
    ...composePlacing(tools, compose),
    pins: async () => await Promise.resolve({ edits: [], tags: [] }),
    bring: async (release, ctx) => void (await buildRelease(tools, app, release, ctx)),
    // The checkout may bring other settings for what its services depend on; that is not the update's to make anew.
    withDependencies: async () => await Promise.resolve(false),
    stage: async (prepared, _pins, release, ctx) => {
      const built = builtOf(release)
      await requireMovable(tools, app, built, ctx)
      await keepImages(tools, prepared, ctx)
      await tools.sources.checkouts.receive(built, await sourceCopy(tools, app, [built.from, built.to], ctx), ctx)
    },
  }
}

function builtOf({ built, version }: InstallableRelease): BuiltRelease {
  if (built !== undefined) return built
  throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `${version} is not built from a git checkout` })
}
