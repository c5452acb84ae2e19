import type { OperationTools } from "../operation/operation.ts"

/** What copying needs of the outside world: the store; the vaults are given with each call. */
export type CopyTools = OperationTools
