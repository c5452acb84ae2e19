import type { Manifest } from "../recovery-point/manifest.ts"

/** What a person or a schedule asks of one backup. */
export interface BackupOptions {
  readonly label: string | null
  readonly trigger: Manifest["trigger"]
  /** Stop the app for the capture; it is always started again. */
  readonly cold: boolean
  /** Kinds (`database`, `files`, `secrets`, `configuration`, `images`) or part names (`files:uploads`); null: everything. */
  readonly only: readonly string[] | null
  /** A sharp drop of rows, files or bytes is intended. */
  readonly acceptCollapse: boolean
  /** Files that change while they are read fail the point. */
  readonly strict: boolean
  /** Blank secrets are captured as they are: only for a safety point, whose source may be the damage itself. */
  readonly acceptBlank: boolean
}

export const plainBackup: BackupOptions = {
  label: null,
  trigger: "manual",
  cold: false,
  only: null,
  acceptCollapse: false,
  strict: false,
  acceptBlank: false,
}

/** Whether a part (`files:uploads`) is asked for. */
export function wanted(only: readonly string[] | null, part: string): boolean {
  if (only === null) return true
  const kind = part.split(":")[0] ?? part
  return only.some((name) => name === part || name === kind || name === `${kind}s`)
}
