import type { DatabaseEngines } from "../app/ports.ts"
import type { OperationTools } from "../operation/operation.ts"

/** What verifying needs of the outside world. */
export interface VerifyTools extends OperationTools {
  readonly databases: DatabaseEngines
}
