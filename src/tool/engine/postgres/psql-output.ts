/** Reads what `psql --csv` prints. */
import type { Row } from "./session.ts"

/** RFC 4180 rows; an unquoted `nullMark` is null. */
export function parseCsv(text: string, nullMark: string): readonly Row[] {
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  let at = 0
  while (at < text.length) {
    const quoted = text[at] === '"'
    const end = quoted ? closingQuote(text, at) : plainEnd(text, at)
    const raw = quoted ? text.slice(at + 1, end).replaceAll('""', '"') : text.slice(at, end)
    row.push(!quoted && raw === nullMark ? null : raw)
    at = quoted ? end + 1 : end
    if (text[at] === ",") {
      at += 1
      if (at === text.length || text[at] === "\n") row.push("")
    }
    if (at >= text.length || text[at] === "\n") {
      rows.push(row)
      row = []
      at += 1
    }
  }
  return rows
}

function closingQuote(text: string, opening: number): number {
  let at = opening + 1
  while (at < text.length) {
    if (text[at] === '"' && text[at + 1] !== '"') return at
    at += text[at] === '"' ? 2 : 1
  }
  return at
}

function plainEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && text[at] !== "," && text[at] !== "\n") at += 1
  return at
}
