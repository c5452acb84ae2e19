import { randomBytes } from "node:crypto"

/** A new operation id: sortable by time, unique, lower case, safe in file and database names: `20260419t120000-3f9a1c`. */
export function newOperationId(now: Date): string {
  return `${compactUtc(now).toLowerCase().replace("z", "")}-${randomBytes(3).toString("hex")}`
}

/** `20260419T120000Z`: UTC, second resolution, the form that point ids start with. */
export function compactUtc(now: Date): string {
  return now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "")
}
