import type { LocatedApp } from "../app/locate.ts"
import type { AppUnderCare, BackupTools } from "../backup/backup.ts"
import type { ReleaseSources } from "../release/ports.ts"
import type { OpenVault } from "../vault/vault.ts"

/** What adopting needs of the outside world: a point is taken first, and releases are looked up. */
export interface AdoptTools extends BackupTools {
  readonly releases: ReleaseSources
}

/** The app, and the vault that the point of before is in. */
export interface AdoptSubject extends AppUnderCare {
  readonly app: LocatedApp
  readonly vault: OpenVault
}
