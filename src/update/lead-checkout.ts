import type { RunContext } from "../base/run-context.ts"
import type { CheckoutMove } from "../release/checkout-ports.ts"
import type { UpdateTools } from "./ports.ts"

/** Leads the checkout to one of the two commits. What somebody edited since lies beside, and is told. */
export async function leadCheckout(tools: UpdateTools, move: CheckoutMove, which: "from" | "to", ctx: RunContext): Promise<void> {
  const copies = await tools.sources.checkouts.put(move, which, `.holdfast-${ctx.operationId}`, ctx)
  for (const copy of copies) ctx.progress.warn(`a file that was edited here was written over; what it held is in ${copy}`)
}
