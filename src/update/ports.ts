import type { RestoreTools } from "../restore/ports.ts"

/** What updating needs of the outside world: what restoring needs, because an update can always be taken back. */
export type UpdateTools = RestoreTools
