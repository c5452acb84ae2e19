import type { App } from "../../app/app.ts"
import type { ComposeModel } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Checkout, SourceTools } from "../../release/checkout-ports.ts"

/** Where an app's sources are checked out. Throws UPDATES_NOT_SET_UP for an app that is not built from a git checkout. */
export async function checkoutOf(sources: SourceTools, app: Pick<App, "name" | "compose">, ctx: RunContext): Promise<Checkout> {
  const { compose } = app
  const found = compose === null ? null : await sources.checkouts.look(compose.projectDirectory, ctx)
  if (found !== null) return found
  throw new HoldfastError("UPDATES_NOT_SET_UP", {
    what: `${app.name} cannot be updated from a git repository`,
    why: compose === null ? "it is no compose project" : `${compose.projectDirectory} does not lie in a git checkout`,
    hint: "Clone the repository and let `compose` be the file in the clone, or follow another source.",
  })
}

/** The name that compose gives an image. */
export function composeImage(
  model: Pick<ComposeModel, "projectName">,
  service: Pick<ComposeModel["services"][number], "name" | "image">,
): string {
  return service.image ?? `${model.projectName}-${service.name}`
}
