/** What was (`- `) and what is (`+ `), line by line, with a line of what stayed (`  `) around it; at most `MOST` lines. */
const MOST = 200
const AROUND = 1

export function lineDifference(before: string, after: string): readonly string[] {
  const all = allLines(before.split("\n"), after.split("\n"))
  const near = all.map((_line, index) => all.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((line) => !line.startsWith(" ")))
  const shown = all.filter((_line, index) => near[index] === true)
  return shown.length > MOST ? [...shown.slice(0, MOST), "  …"] : shown
}

/** The longest run of lines that both have stays; everything else went or came. */
function allLines(before: readonly string[], after: readonly string[]): readonly string[] {
  const lengths = table(before, after)
  const lines: string[] = []
  let left = 0
  let right = 0
  while (left < before.length || right < after.length) {
    const same = left < before.length && right < after.length && before[left] === after[right]
    if (same) {
      lines.push(`  ${before[left] ?? ""}`)
      left += 1
      right += 1
    } else if (right >= after.length || (left < before.length && at(lengths, left + 1, right) >= at(lengths, left, right + 1))) {
      lines.push(`- ${before[left] ?? ""}`)
      left += 1
    } else {
      lines.push(`+ ${after[right] ?? ""}`)
      right += 1
    }
  }
  return lines
}

function table(before: readonly string[], after: readonly string[]): readonly Uint32Array[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1))
  for (let left = before.length - 1; left >= 0; left -= 1) {
    const row = lengths[left]
    if (row === undefined) continue
    for (let right = after.length - 1; right >= 0; right -= 1) {
      row[right] =
        before[left] === after[right]
          ? at(lengths, left + 1, right + 1) + 1
          : Math.max(at(lengths, left + 1, right), at(lengths, left, right + 1))
    }
  }
  return lengths
}

function at(lengths: readonly Uint32Array[], left: number, right: number): number {
  return lengths[left]?.[right] ?? 0
}
