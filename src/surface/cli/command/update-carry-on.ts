import { z } from "zod"
import type { Json } from "../../../base/canonical-json.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { settleInterrupted } from "../../../operation/settle.ts"
import { carryOn, readOrder, type Order } from "../../house/beside.ts"
import { doUpdates } from "../../house/do-updates.ts"
import type { House } from "../../house/house.ts"
import { fingerprintOf } from "../../house/same-plan.ts"
import { settlersOf } from "../../house/settlers.ts"
import { lookingContext } from "../../house/subject.ts"
import type { CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"

/**
 * `holdfast update carry-on`: what a container beside runs, again and again until the order has ended; then it removes itself, which ends this
 * process as well. What cannot be settled now is an error, and the engine starts it again.
 */
export const run: CommandRun = async (house, input) => {
  const id = input.argument("order") ?? ""
  const store = await house.use.store()
  const { app } = await readOrder(store, id)
  await settleInterrupted(await house.operationTools(), settlersOf(house), app, house.base())
  await carryOn(store, id, async (order) => await work({ ...house, command: order.command }, order))
  await removeOurselves(house)
  return { document: { format: "holdfast.update-carry-on", version: 1, order: id }, lines: [`the order ${id} has ended`] }
}

async function work(house: House, { app, work: ordered }: Order): Promise<Json> {
  if (ordered.verb === "rollback") return z.json().parse(await doUpdates.rollBack(house, app, ordered.operation))
  const report = await doUpdates.apply(house, app, ordered.wish, (plan) => {
    if (fingerprintOf(plan) !== ordered.fingerprint)
      throw new HoldfastError("PLAN_STALE", { what: "the update would not do any more what the plan said" })
  })
  if (report === null) throw new HoldfastError("PLAN_STALE", { what: `${ordered.wish.to ?? "the release"} is not there any more` })
  return z.json().parse(report)
}

async function removeOurselves(house: CliHouse): Promise<void> {
  const containers = await house.use.containers()
  const ctx = lookingContext(house)
  const own = await containers.own?.(ctx)
  if (own) await containers.removeContainer?.(own.id, ctx)
}
