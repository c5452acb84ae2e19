import type { App } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
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

/** A name that fits nothing would make a point of nothing. Throws PART_UNKNOWN with the parts there are. */
export function refuseUnknownParts(app: App, only: readonly string[] | null): void {
  const parts = [
    ...app.databases.map((source) => `database:${source.name}`),
    ...app.files.map((source) => `files:${source.name}`),
    ...(app.secrets.length === 0 ? [] : ["secrets"]),
    ...(app.configuration.length === 0 ? [] : ["configuration"]),
    ...(app.images === "never" || app.compose === null ? [] : ["images"]),
  ]
  const unknown = (only ?? []).find((name) => !parts.some((part) => wanted([name], part)))
  if (unknown === undefined) return
  throw new HoldfastError("PART_UNKNOWN", {
    what: `${app.name} has no part "${unknown}"`,
    why: `there is ${parts.join(", ")}`,
    hint: "Name one of these parts, or leave --only out.",
  })
}
