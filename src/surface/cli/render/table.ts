/** Columns of text, aligned by what is seen; numbers to the right. Names are data: control characters never reach the terminal. */
export interface Column {
  readonly title: string
  readonly right?: boolean
}

const GAP = "  "

export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  // A listing has a hundred thousand cells, nearly always plain ones: those are neither copied nor measured twice (design §14).
  const plain = rows.every((row) => row.every(isPlain))
  const shown = plain ? rows : rows.map((row) => row.map(visible))
  const widths = columns.map(({ title }, index) => {
    let width = title.length
    for (const row of shown) width = Math.max(width, plain ? (row[index] ?? "").length : displayWidth(row[index] ?? ""))
    return width
  })
  const line = (cells: readonly string[]): string => {
    let text = ""
    for (let index = 0; index < columns.length; index += 1) {
      text += (index === 0 ? "" : GAP) + padded(cells[index] ?? "", widths[index] ?? 0, columns[index]?.right === true, plain)
    }
    return text.trimEnd()
  }
  return [line(columns.map((column) => column.title)), ...shown.map(line)]
}

/** `name: value` lines with the values under each other. */
export function renderPairs(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = pairs.reduce((most, [name]) => Math.max(most, name.length), 0)
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(width + 1)} ${visible(value)}`.trimEnd())
}

function padded(cell: string, width: number, right: boolean, plain: boolean): string {
  const units = plain ? width : width + cell.length - displayWidth(cell)
  return right ? cell.padStart(units) : cell.padEnd(units)
}

const PLAIN = /^[ -~]*$/

function isPlain(text: string): boolean {
  return PLAIN.test(text)
}

function displayWidth(text: string): number {
  if (isPlain(text)) return text.length
  return Array.from(text).length
}

// Control characters, bidirectional marks, line separators.
const INVISIBLE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** The same text with everything that could move the cursor or turn the line round shown as `\u{…}`. */
export function visible(text: string): string {
  if (isPlain(text)) return text
  return text.replaceAll(INVISIBLE, (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`)
}
