import type { OperationTools } from "./operation.ts"
import type { OperationRecord } from "./ports.ts"

/**
 * Whether somebody works on it. A run holds its app's lease from before it is recorded until after its end is; one whose living process
 * gave the lease back has been left unfinished.
 */
export async function isUnderWay(tools: OperationTools, operation: Pick<OperationRecord, "id" | "app" | "holder">): Promise<boolean> {
  if (!tools.host.isAlive(operation.holder)) return false
  return (await tools.store.leaseOf(operation.app))?.operationId === operation.id
}
