import type { PinOutput } from "../../contract/output-points.ts"
import type { PinRecord } from "../../operation/ports.ts"
import { runOperation } from "../../operation/run-operation.ts"
import { setPin } from "../../recovery-point/recovery-point.ts"
import type { House } from "./house.ts"
import { openPoints } from "./point-subject.ts"
import type { Selection } from "./subject.ts"

const steps = {
  pin: { title: "record it in the vault and in the store", crashLeadsTo: "it is recorded again, with the same result" },
} as const

/** Pins and unpins, under the lease, so that no expiry runs meanwhile. */
export async function changePin(house: House, selection: Selection, pinned: boolean, reason: string | null): Promise<PinOutput> {
  const { declared, vault, store, point } = await openPoints(house, selection)
  const { id } = (await point(selection.point)).manifest
  const said = pinned ? reason : null
  const pin: PinRecord = { app: declared.name, point: id, pinned, reason: said, at: house.clock.now() }
  const plan = { vault: vault.location.name, ...pin, at: pin.at.toISOString() }
  const request = { kind: "pin" as const, app: declared.name, steps, plan, command: house.command }
  await runOperation(await house.operationTools(), request, house.base(), async (journal, ctx) => {
    await journal.step("pin", plan, async () => await setPin(vault, store, pin, ctx))
    return { outcome: "succeeded", result: null, record: plan }
  })
  return { format: "holdfast.pin", version: 1, app: declared.name, vault: vault.location.name, id, pinned, reason: said }
}
