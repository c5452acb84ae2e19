import type { RestoreTools } from "../restore/ports.ts"

/** What a drill needs of the outside world: what restoring needs. */
export type DrillTools = RestoreTools
