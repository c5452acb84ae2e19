/** Columns of text, aligned by what is seen; numbers to the right. Names are data: control characters never reach the terminal. */
export interface Column {
  readonly title: string
  readonly right?: boolean
}

const GAP = "  "

export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columns.map(({ title }) => title.length)
  let plain = true
  // One pass over the cells: a listing has a hundred thousand of them.
  const safe = rows.map((row) =>
    columns.map((_column, index) => {
      const given = row[index] ?? ""
      const isPlain = PLAIN.test(given)
      plain &&= isPlain
      const cell = isPlain ? given : visible(given)
      const width = isPlain ? given.length : displayWidth(cell)
      if (width > (widths[index] ?? 0)) widths[index] = width
      return cell
    }),
  )
  const line = (cells: readonly string[]): string => {
    let text = ""
    for (let index = 0; index < columns.length; index += 1) {
      text += (index === 0 ? "" : GAP) + padded(cells[index] ?? "", widths[index] ?? 0, columns[index]?.right === true, plain)
    }
    return text.trimEnd()
  }
  return [line(columns.map((column) => column.title)), ...safe.map(line)]
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

function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  return Array.from(text).length
}

// Control characters, bidirectional marks, line separators.
const INVISIBLE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** The same text with everything that could move the cursor or turn the line round shown as `\u{…}`. */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replaceAll(INVISIBLE, (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`)
}
