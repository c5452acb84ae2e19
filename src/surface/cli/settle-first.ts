import { letOwedGo } from "../../app/pulled-names.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import { refuseBusy } from "../../operation/run-operation.ts"
import { settleInterrupted } from "../../operation/settle.ts"
import type { CommandSpec } from "./command-spec.ts"
import type { CliHouse } from "./cli-house.ts"
import type { CommandInput } from "./input.ts"
import { settlersOf } from "../house/settlers.ts"
import { lookingContext } from "../house/subject.ts"

/** Before a command touches an app, whatever an earlier one was killed at is finished or undone (design §9). */
export async function settleFirst(house: CliHouse, spec: CommandSpec, input: CommandInput): Promise<void> {
  if (spec.settles === "never") return
  const app = input.argument("app") ?? input.text("app")
  if (spec.settles === "first" && app !== null && !input.flag("plan"))
    await refuseBusy(await house.operationTools(), app, house.clock.now())
  try {
    // Without an app on the command line it may be any of them.
    const settled = await settleInterrupted(
      await house.operationTools(),
      settlersOf(house),
      input.argument("app") ?? input.text("app"),
      house.base(),
    )
    await letOwedGo(await house.use.store(), house.use.containers, lookingContext(house))
    for (const { operation, outcome, message } of settled) {
      house.progress.note(`settled operation ${operation.id} (${operation.kind} of ${operation.app}): ${outcome}, ${message}`)
    }
  } catch (thrown) {
    if (spec.settles === "first" || !(thrown instanceof HoldfastError)) throw thrown
    house.progress.warn(`${messageOf(thrown)}${thrown.why === undefined ? "" : `: ${thrown.why}`}`)
  }
}
