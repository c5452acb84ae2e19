/** Something that can go, or that is named although it stays; the value that `doctor --free-space` prints. */
export interface Removable {
  readonly kind: "migration-backup" | "log" | "kept-state" | "built-version" | "unsealed"
  /** A path, an operation's id, or a point's id. */
  readonly subject: string
  /** Vault of an unsealed leftover, else null. */
  readonly vault: string | null
  /** Null where it cannot be known before it is gone. */
  readonly sizeBytes: number | null
  readonly remove: boolean
  /** Why it can go, or what must be done first. */
  readonly why: string
}
