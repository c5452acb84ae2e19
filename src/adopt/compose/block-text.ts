import type { Json } from "../../base/canonical-json.ts"
import { flowText } from "../../settings/flow-text.ts"
import { isRecord } from "../../settings/member-value.ts"

const LONGEST_LIST = 90

/**
 * A member as a person would write it: mappings line by line, short lists on one line.
 * @param step how far each level of the file is indented
 */
export function memberLines(key: string, value: Json, indent: string, step: string): readonly string[] {
  const name = `${indent}${flowText(key)}:`
  if (Array.isArray(value)) return [...listLines(name, value, indent + step)]
  if (!isMapping(value) || isShort(value)) return [`${name} ${flowText(value)}`]
  const members = Object.entries(value).flatMap(([each, member]) =>
    member === undefined ? [] : memberLines(each, member, indent + step, step),
  )
  return [name, ...members]
}

function listLines(name: string, items: readonly Json[], indent: string): readonly string[] {
  const line = `${name} ${flowText(items)}`
  return line.length <= LONGEST_LIST ? [line] : [name, ...items.map((item) => `${indent}- ${flowText(item)}`)]
}

/** Nothing, or one plain value: `{ condition: service_healthy }`. */
function isShort(value: { readonly [key: string]: Json | undefined }): boolean {
  const members = Object.values(value)
  return members.length === 0 || (members.length === 1 && members.every((member) => !Array.isArray(member) && !isRecord(member)))
}

function isMapping(value: Json): value is { readonly [key: string]: Json | undefined } {
  return isRecord(value)
}
