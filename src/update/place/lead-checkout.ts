import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { CheckoutMove } from "../../release/checkout-ports.ts"
import type { UpdateTools } from "../ports.ts"

/** Leads the checkout to one of the two commits. What somebody edited since lies beside, and is told. */
export async function leadCheckout(tools: UpdateTools, move: CheckoutMove, which: "from" | "to", ctx: RunContext): Promise<void> {
  const copies = await tools.sources.checkouts.put(move, which, `.holdfast-${ctx.operationId}`, ctx)
  for (const copy of copies) ctx.progress.warn(`a file that was edited here was written over; what it held is in ${copy}`)
}

/** Somebody who went on by hand would be taken back with it. Throws CHECKOUT_REFUSED. */
export async function requireUnmoved(tools: Pick<UpdateTools, "sources">, move: CheckoutMove | null, ctx: RunContext): Promise<void> {
  if (move === null) return
  const { head } = (await tools.sources.checkouts.look(move.root, ctx)) ?? { head: "none" }
  if (head === move.to) return
  throw new HoldfastError("CHECKOUT_REFUSED", {
    what: `${move.root} was moved to commit ${head.slice(0, 12)} since the update`,
    hint: `Nothing was changed. Move it back to ${move.to.slice(0, 12)}, then roll back.`,
  })
}
