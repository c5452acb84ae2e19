/** What a person asks of one restore. */
export interface RestoreOptions {
  /** Kinds or part names; null: databases, files and secrets. */
  readonly only: readonly string[] | null
  /** Only the rows of these tables, inside a database that otherwise stays as it is; empty: whole parts. */
  readonly tables: readonly string[]
  /** Bring the point's own images and configuration back as well. */
  readonly withImages: boolean
  /** Skip reading a point that has no `read` proof. */
  readonly unproven: boolean
  /** How long the replaced state is kept beside for `undo`. */
  readonly keepMs: number
}

export const plainRestore: RestoreOptions = { only: null, tables: [], withImages: false, unproven: false, keepMs: 24 * 3_600_000 }

/** Whether a part is to be restored in place. Configuration and images only when asked for: they decide which program runs. */
export function toRestore(options: RestoreOptions, part: string): boolean {
  const kind = part.split(":")[0] ?? part
  if (options.withImages && (kind === "configuration" || kind === "image")) return true
  if (options.only === null) return kind === "database" || kind === "files" || kind === "secrets"
  return options.only.some((name) => name === part || name === kind || name === `${kind}s`)
}
