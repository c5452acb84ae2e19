import { HoldfastError } from "../../../base/errors.ts"
import type { OperationOutput } from "../../../contract/output.ts"
import type { OperationRecord } from "../../../operation/ports.ts"
import type { CommandRun } from "../command-spec.ts"
import { shownOperation } from "../../house/listed-operation.ts"
import { describeDuration, operationPairs } from "../render/operation.ts"
import { renderPairs, renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"

/** `holdfast operations show` */
export const run: CommandRun = async (house, input) => {
  const { store, host } = await house.operationTools()
  const id = input.required("operation")
  const record = await store.operation(id)
  if (record === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
  const operation = shownOperation(record, host)
  const document: OperationOutput = { format: "holdfast.operation", version: 1, operation }
  return { document, lines: linesOf(record, operation, describeDuration(record, house.clock.now())) }
}

function linesOf(record: OperationRecord, operation: OperationOutput["operation"], duration: string): readonly string[] {
  const head = renderPairs(operationPairs(operation, duration))
  if (record.steps.length === 0) return [...head, "", "no step was begun"]
  const rows = record.steps.map((step) => [String(step.index + 1), step.name, step.state, formatInstant(step.at)])
  return [...head, "", ...renderTable([{ title: "#", right: true }, { title: "STEP" }, { title: "STATE" }, { title: "BEGUN" }], rows)]
}
