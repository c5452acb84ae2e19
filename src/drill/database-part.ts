import { HoldfastError } from "../base/errors.ts"
import type { DatabasePart } from "../recovery-point/manifest.ts"
import type { Origin } from "../restore/stage.ts"

/** The point's dump of the database of this name. Throws PART_UNKNOWN where it has none. */
export function databasePart(origin: Origin, name: string): DatabasePart {
  for (const part of origin.point.manifest.parts) if (part.kind === "database" && part.name === name) return part
  throw new HoldfastError("PART_UNKNOWN", { what: `${origin.point.manifest.id} has no database ${name}` })
}
