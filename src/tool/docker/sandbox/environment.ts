import { z } from "zod"
import { escapePath } from "./document.ts"

const environmentSchema = z.union([z.record(z.string(), z.unknown()), z.array(z.string())]).nullish()

/** A service's environment with other values for these names; a document knows it as a map or as a list. Pure. */
export function withEnvironment(environment: unknown, changes: Readonly<Record<string, string>>): Record<string, unknown> {
  const known = environmentSchema.parse(environment) ?? {}
  const own = Array.isArray(known) ? Object.fromEntries(known.map(entryOf)) : known
  return { ...own, ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, escapePath(value)])) }
}

/** `NAME=value`; a name alone takes its value from where compose runs, which for a sandbox is nothing. */
function entryOf(line: string): [string, string | null] {
  const at = line.indexOf("=")
  return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)]
}
