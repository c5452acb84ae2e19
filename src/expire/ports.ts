import type { OperationTools } from "../operation/operation.ts"

/** What expiring needs of the outside world: the store; the vault is given with each call. */
export type ExpireTools = OperationTools
