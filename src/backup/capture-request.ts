import type { App } from "../app/app.ts"
import type { ServiceState } from "../app/ports.ts"
import type { Unnamed } from "../app/unnamed.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { BackupOptions } from "./options.ts"

export interface CaptureRequest {
  /** Places are host paths already (`locateApp`). */
  readonly app: App
  /** The same app with places as the settings declare them; this is what the manifest keeps. */
  readonly declared: App
  readonly vault: OpenVault
  readonly options: BackupOptions
}

/** Everything one capture carries along. */
export interface Capture extends CaptureRequest {
  readonly id: string
  readonly startedAt: Date
  readonly startedMs: number
  readonly version: string | null
  readonly states: readonly ServiceState[]
  /** Earlier points, oldest first. */
  readonly earlier: readonly SealedPoint[]
  readonly scratch: string
  /** The app's items in the vault as the capture began, listed beside other work; rejects when they cannot be listed. */
  readonly items: Promise<readonly StoredItem[]>
  readonly warnings: string[]
  /** What the app has and no setting names, as far as it was asked for. */
  readonly unnamed: Unnamed[]
}
