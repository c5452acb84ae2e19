import type { DatabaseSync, SQLOutputValue } from "node:sqlite"

/** Every row as texts: NULL stays null, whole numbers keep all digits, blobs become hex. */
export function texts(database: DatabaseSync, sql: string): (string | null)[][] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  return statement.all().map((row) => Object.values(row).map(toText))
}

function toText(value: SQLOutputValue): string | null {
  if (value === null) return null
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value)
}

/** A name as SQL takes it, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
