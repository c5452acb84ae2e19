import type { OperationOutput, OperationsOutput } from "../../contract/output.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { OperationRecord } from "../../operation/ports.ts"

export type ListedOperation = OperationsOutput["operations"][number]

/** An operation as it is printed and sent: what is running is told apart from what was interrupted. */
export function listedOperation(operation: OperationRecord, host: HostIdentity): ListedOperation {
  const { id, kind, app, outcome, errorCode, message, cancelRequested } = operation
  const { processId, command } = operation.holder
  return {
    id,
    kind,
    app,
    status: statusOf(operation, host),
    outcome,
    startedAt: operation.startedAt.toISOString(),
    finishedAt: operation.finishedAt?.toISOString() ?? null,
    errorCode,
    message,
    cancelRequested,
    holder: { host: operation.holder.host, processId, command },
  }
}

function statusOf(operation: OperationRecord, host: HostIdentity): ListedOperation["status"] {
  if (operation.finishedAt !== null) return "finished"
  return host.isAlive(operation.holder) ? "running" : "interrupted"
}

/** The same with its plan, its result and every step that was begun. */
export function shownOperation(record: OperationRecord, host: HostIdentity): OperationOutput["operation"] {
  return {
    ...listedOperation(record, host),
    plan: record.plan,
    result: record.result,
    steps: record.steps.map(({ index, name, state, at, details, result }) => ({
      index,
      name,
      state,
      at: at.toISOString(),
      details,
      result,
    })),
  }
}
