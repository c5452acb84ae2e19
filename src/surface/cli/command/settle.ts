import { HoldfastError } from "../../../base/errors.ts"
import type { SettleOutput } from "../../../contract/output.ts"
import { resetSettleAttempts, settleInterrupted } from "../../../operation/settle.ts"
import type { CommandRun } from "../command-spec.ts"
import { settlersOf } from "../../house/settlers.ts"

/** `holdfast operations settle` */
export const run: CommandRun = async (house, input) => {
  const tools = await house.operationTools()
  const id = input.required("operation")
  const operation = await tools.store.operation(id)
  if (operation === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
  await resetSettleAttempts(tools, id)
  const settled = await settleInterrupted(tools, settlersOf(house), operation.app, house.base())
  const document: SettleOutput = {
    format: "holdfast.settle",
    version: 1,
    settled: settled.map((one) => ({ operationId: one.operation.id, outcome: one.outcome, message: one.message })),
  }
  const lines = settled.map((one) => `${one.operation.id}: ${one.outcome}, ${one.message}`)
  return { document, lines: lines.length === 0 ? [`nothing to settle: ${id} has ended or its process still runs`] : lines }
}
