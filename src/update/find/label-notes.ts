import type { ResolvedImage } from "../../release/ports.ts"

const PREFIX = "org.opencontainers.image."
const SHOWN: readonly (readonly [label: string, name: string])[] = [
  ["description", ""],
  ["source", "source: "],
  ["revision", "revision: "],
  ["documentation", "documentation: "],
  ["url", "see "],
]
const MOST_CHARACTERS = 2000

/** What an image says of itself, for people: its labels are the vendor's words and decide nothing. */
export function notesOf(image: ResolvedImage | undefined): string {
  if (image === undefined) return ""
  const said = SHOWN.flatMap(([label, name]) => {
    const text = image.labels[PREFIX + label]?.trim() ?? ""
    return text === "" ? [] : [`${name}${text.slice(0, MOST_CHARACTERS)}`]
  })
  return [...said, ...(image.created === null ? [] : [`made ${image.created.toISOString()}`])].join("\n")
}
