/** Names and values inside SQL, conninfo strings and pass files. Every session runs plain statements, because `psql` knows no parameters. */
import { escapeIdentifier, escapeLiteral } from "pg"

/** A name as SQL, always in double quotes. */
export const identifier = (name: string): string => escapeIdentifier(name)

/** A text value as SQL. */
export const literal = (value: string): string => escapeLiteral(value)

/** Text values as the inside of `IN (…)` or `ARRAY[…]`. */
export const literals = (values: readonly string[]): string => values.map(literal).join(", ")

/** `dbname='…'`, so that a database called `host=evil` stays a name (libpq reads a `=` in --dbname as conninfo). */
export function conninfo(database: string): string {
  return `dbname='${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
}

/** One line of a libpq password file that fits every server. */
export function passFileLine(password: string): string {
  return `*:*:*:*:${password.replaceAll("\\", "\\\\").replaceAll(":", "\\:")}\n`
}
