/** What decides which version runs, led to the new one or back: edited files, names of images, the link, the checkout. Repeatable. */
import type { App } from "../../app/app.ts"
import type { RunContext } from "../../base/run-context.ts"
import { leadLink } from "../../restore/link-swap.ts"
import { swapBack, swapIn } from "../../restore/replacement.ts"
import { leadCheckout } from "./lead-checkout.ts"
import type { UpdateTools } from "../ports.ts"
import type { Prepared } from "../prepared.ts"

export async function placeNew(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  for (const replacement of prepared.replacements) {
    if (replacement.kind === "file" || replacement.kind === "image") await swapIn(tools, app, replacement, ctx)
  }
  if (prepared.link !== null) await leadLink(prepared.link, "to")
  if (prepared.checkout !== null) await leadCheckout(tools, prepared.checkout, "to", ctx)
}

export async function placeOld(tools: UpdateTools, app: App, prepared: Prepared, ctx: RunContext): Promise<void> {
  if (prepared.checkout !== null) await leadCheckout(tools, prepared.checkout, "from", ctx)
  if (prepared.link !== null) await leadLink(prepared.link, "from")
  for (const replacement of prepared.replacements.toReversed()) {
    if (replacement.kind === "file" || replacement.kind === "image") await swapBack(tools, app, replacement, ctx)
  }
}
