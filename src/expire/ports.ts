import type { OperationTools } from "../operation/operation.ts"
import type { VaultBackend, VaultLocation } from "../vault/ports.ts"

/** What expiring needs of the outside world: the store, and the vault that is given with each call. */
export type ExpireTools = OperationTools

/** What expiring needs of an open vault. */
export interface ExpireVault {
  readonly backend: VaultBackend
  readonly location: VaultLocation
}
