/** How many lines of what a program said are told of it. */
export const LINES = 15
const LONGEST_LINE = 300

/** The last lines of what a program said, each on a line of its own behind `: `; empty when it said nothing. */
export function lastWords(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))
  return lines.length === 0 ? "" : `:\n${lines.join("\n")}`
}
