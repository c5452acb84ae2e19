import type { Json } from "../base/canonical-json.ts"

const PLAIN = /^[A-Za-z][A-Za-z0-9_./+-]*$/
/** Plain words that YAML takes for something else than text, in one of its versions. */
const TAKEN = /^(true|false|null|yes|no|on|off|y|n)$/i

/** A value on one line, as a person would write it: `{ cron: "0 3 * * *", copies: [offsite] }`. */
export function flowText(value: Json): string {
  if (typeof value === "string") return PLAIN.test(value) && !TAKEN.test(value) ? value : quoted(value)
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.map(flowText).join(", ")}]`
  if (value === null || typeof value !== "object") return String(value)
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${flowText(name)}: ${flowText(member)}`],
  )
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`
}

function quoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll("\u0085", "\\u0085")
    .replaceAll("\uFEFF", "\\uFEFF")
}
