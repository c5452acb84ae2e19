import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"

/** Where staged content comes from. */
export interface Origin {
  readonly vault: OpenVault
  readonly point: SealedPoint
}
