import type { BackupTools } from "../backup/backup.ts"
import type { ReleaseSources } from "../release/ports.ts"

/** What adopting needs of the outside world: a point is taken first, and releases are looked up. */
export interface AdoptTools extends BackupTools {
  readonly releases: ReleaseSources
}
