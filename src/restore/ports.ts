import type { BackupTools } from "../backup/backup.ts"

/** What restoring needs of the outside world: what capturing needs, because a safety point comes first. */
export type RestoreTools = BackupTools
