import type { SourceTools } from "../release/checkout-ports.ts"
import type { RestoreTools } from "../restore/ports.ts"

/** What updating needs of the outside world: what restoring needs, because an update can always be taken back. */
export interface UpdateTools extends RestoreTools {
  /** For apps that are built here from their sources. */
  readonly sources: SourceTools
}
