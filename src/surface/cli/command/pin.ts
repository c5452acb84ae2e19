import type { PinOutput } from "../../../contract/output-points.ts"
import { runOperation } from "../../../operation/run-operation.ts"
import type { PinRecord } from "../../../operation/ports.ts"
import { setPin } from "../../../recovery-point/recovery-point.ts"
import type { CommandResult, CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandInput } from "../input.ts"
import { openPoints } from "../../house/point-subject.ts"
import { selectionOf } from "../selection.ts"

const steps = {
  pin: { title: "record it in the vault and in the store", crashLeadsTo: "it is recorded again, with the same result" },
} as const

/** `holdfast pin` */
export const run: CommandRun = async (house, input) => await change(house, input, true)

/** `holdfast pin` and `unpin` are the same act, under the lease, so that no expiry runs meanwhile. */
export async function change(house: CliHouse, input: CommandInput, pinned: boolean): Promise<CommandResult> {
  const { declared, vault, store, point } = await openPoints(house, selectionOf(input))
  const { id } = (await point(input.required("point"))).manifest
  const reason = pinned ? input.text("reason") : null
  const pin: PinRecord = { app: declared.name, point: id, pinned, reason, at: house.clock.now() }
  const plan = { vault: vault.location.name, ...pin, at: pin.at.toISOString() }
  const request = { kind: "pin" as const, app: declared.name, steps, plan, command: house.command }
  await runOperation(await house.operationTools(), request, house.base(), async (journal, ctx) => {
    await journal.step("pin", plan, async () => await setPin(vault, store, pin, ctx))
    return { outcome: "succeeded", result: null, record: plan }
  })
  const document: PinOutput = { format: "holdfast.pin", version: 1, app: declared.name, vault: vault.location.name, id, pinned, reason }
  return { document, lines: [pinned ? `${id} is pinned: no policy removes it` : `${id} is not pinned any more`] }
}
