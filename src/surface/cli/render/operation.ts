import type { OperationOutput } from "../../../contract/output.ts"
import type { OperationRecord } from "../../../operation/ports.ts"
import { formatDuration } from "../../../base/units.ts"
import type { ListedOperation } from "../../house/listed-operation.ts"
import { formatInstant } from "./time.ts"

/** `succeeded`, `running (stopping)`, `interrupted`, `failed SOURCE_EMPTY`. */
export function describeState(operation: ListedOperation): string {
  if (operation.status === "finished") return [operation.outcome, operation.errorCode].filter((part) => part !== null).join(" ")
  return operation.cancelRequested && operation.status === "running" ? "running (stopping)" : operation.status
}

export function describeDuration(operation: OperationRecord, now: Date): string {
  return formatDuration((operation.finishedAt ?? now).getTime() - operation.startedAt.getTime())
}

/** Head and steps of one operation for `operations show`. */
export function operationPairs(operation: OperationOutput["operation"], duration: string): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string | null])[] = [
    ["operation", operation.id],
    ["kind", operation.kind],
    ["app", operation.app],
    ["state", describeState(operation)],
    ["message", operation.message],
    ["started", formatInstant(new Date(operation.startedAt))],
    ["finished", operation.finishedAt === null ? null : formatInstant(new Date(operation.finishedAt))],
    ["took", duration],
    ["command", operation.holder.command],
    ["process", `${operation.holder.processId} on ${operation.holder.host}`],
  ]
  return pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null)
}
