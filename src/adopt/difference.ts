interface Block {
  /** Line numbers from 0. */
  readonly at: number
  readonly to: number
  readonly gone: readonly string[]
  readonly come: readonly string[]
}

/**
 * A unified diff without lines around the changes: compose files and `.env` hold secrets, and a plan is shown and kept. What the texts have
 * in common is found line by line from both ends of each gap.
 */
export function fileDifference(path: string, before: string, after: string): string {
  const blocks = blocksOf(before.split("\n"), after.split("\n"))
  const lines = blocks.flatMap(({ at, to, gone, come }) => [
    `@@ -${range(at, gone.length)} +${range(to, come.length)} @@`,
    ...gone.map((line) => `-${line.replace(/\r$/, "")}`),
    ...come.map((line) => `+${line.replace(/\r$/, "")}`),
  ])
  return [`--- ${path}`, `+++ ${path}`, ...lines, ""].join("\n")
}

function range(at: number, count: number): string {
  return `${count === 0 ? at : at + 1}${count === 1 ? "" : `,${count}`}`
}

/** The longest run of lines that both have stays; what lies between the stays are the blocks. */
function blocksOf(before: readonly string[], after: readonly string[]): readonly Block[] {
  const blocks: Block[] = []
  let [left, right] = [0, 0]
  for (const [nextLeft, nextRight] of [...commonLines(before, after), [before.length, after.length] as const]) {
    const [gone, come] = [before.slice(left, nextLeft), after.slice(right, nextRight)]
    if (gone.length > 0 || come.length > 0) blocks.push({ at: left, to: right, gone, come })
    left = nextLeft + 1
    right = nextRight + 1
  }
  return blocks
}

function commonLines(before: readonly string[], after: readonly string[]): readonly (readonly [number, number])[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1))
  const at = (left: number, right: number): number => lengths[left]?.[right] ?? 0
  for (let left = before.length - 1; left >= 0; left -= 1)
    for (let right = after.length - 1; right >= 0; right -= 1) {
      const row = lengths[left]
      if (row !== undefined)
        row[right] = before[left] === after[right] ? at(left + 1, right + 1) + 1 : Math.max(at(left + 1, right), at(left, right + 1))
    }
  const common: (readonly [number, number])[] = []
  let [left, right] = [0, 0]
  while (left < before.length && right < after.length) {
    if (before[left] === after[right]) {
      common.push([left, right])
      left += 1
      right += 1
    } else if (at(left + 1, right) > at(left, right + 1)) left += 1
    else right += 1
  }
  return common
}
