/** QR codes (ISO/IEC 18004) of byte texts, error correction level L, versions 1 to 10: what a sign-in secret needs. */

type Grid = (boolean | null)[][]

/** Data codewords, correction codewords of each block, and blocks, for level L by version. */
const VERSIONS = [
  [19, 7, 1],
  [34, 10, 1],
  [55, 15, 1],
  [80, 20, 1],
  [108, 26, 1],
  [136, 18, 2],
  [156, 20, 2],
  [194, 24, 2],
  [232, 30, 2],
  [274, 18, 4],
] as const

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** Rows of dark modules; null when the text is too long. */
export function qrModules(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text)
  const version = VERSIONS.findIndex(([data], index) => bytes.length + (index < 9 ? 2 : 3) <= data) + 1
  const shape = VERSIONS[version - 1]
  if (shape === undefined) return null
  const words = interleaved(codewords(bytes, shape[0], version), shape)
  const candidates = MASKS.map((_mask, index) => drawn(version, words, index))
  return candidates.reduce((best, one) => (penalty(one) < penalty(best) ? one : best))
}

function codewords(bytes: Uint8Array, capacity: number, version: number): number[] {
  const bits: number[] = []
  push(bits, 0b0100, 4)
  push(bits, bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) push(bits, byte, 8)
  push(bits, 0, Math.min(4, capacity * 8 - bits.length))
  push(bits, 0, (8 - (bits.length % 8)) % 8)
  const words = Array.from({ length: bits.length / 8 }, (_, index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((word, bit) => word * 2 + bit, 0),
  )
  for (let pad = 0xec; words.length < capacity; pad ^= 0xec ^ 0x11) words.push(pad)
  return words
}

function push(bits: number[], value: number, length: number): void {
  for (let at = length - 1; at >= 0; at -= 1) bits.push((value >>> at) & 1)
}

/** Blocks with their correction, word by word from each in turn. */
function interleaved(words: readonly number[], [, correction, blocks]: (typeof VERSIONS)[number]): number[] {
  const short = Math.floor(words.length / blocks)
  const longer = words.length % blocks
  const generator = generatorOf(correction)
  let at = 0
  const data = Array.from({ length: blocks }, (_, index) => {
    const length = short + (index < blocks - longer ? 0 : 1)
    at += length
    return words.slice(at - length, at)
  })
  const extra = data.map((block) => remainder(block, generator))
  const take = (lists: readonly (readonly number[])[], length: number): number[] =>
    Array.from({ length }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat()
  return [...take(data, short + 1), ...take(extra, correction)]
}

/** Product in GF(2^8) by the polynomial 0x11d. */
function product(left: number, right: number): number {
  let result = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    result = (result << 1) ^ ((result >>> 7) * 0x11d)
    result ^= ((right >>> bit) & 1) * left
  }
  return result
}

function generatorOf(degree: number): number[] {
  let root = 1
  let result = [...Array.from({ length: degree - 1 }, () => 0), 1]
  for (let count = 0; count < degree; count += 1) {
    const factor = root
    result = result.map((value, index) => product(value, factor) ^ (result[index + 1] ?? 0))
    root = product(root, 2)
  }
  return result
}

function remainder(data: readonly number[], generator: readonly number[]): number[] {
  let result = generator.map(() => 0)
  for (const word of data) {
    const factor = word ^ (result[0] ?? 0)
    const shifted = [...result.slice(1), 0]
    result = shifted.map((value, index) => value ^ product(generator[index] ?? 0, factor))
  }
  return result
}

function drawn(version: number, words: readonly number[], mask: number): boolean[][] {
  const size = version * 4 + 17
  const grid: Grid = Array.from({ length: size }, () => Array.from({ length: size }, () => null))
  drawFixed(grid, version)
  drawFormat(grid, mask)
  drawData(grid, words, mask)
  return grid.map((row) => row.map((dark) => dark === true))
}

function set(grid: Grid, x: number, y: number, dark: boolean): void {
  const row = grid[y]
  if (row !== undefined && x >= 0 && x < row.length) row[x] = dark
}

function drawFixed(grid: Grid, version: number): void {
  const size = grid.length
  for (let at = 0; at < size; at += 1) {
    set(grid, 6, at, at % 2 === 0)
    set(grid, at, 6, at % 2 === 0)
  }
  const centers = alignments(version, size)
  const last = centers.length - 1
  for (const [i, x] of centers.entries())
    for (const [j, y] of centers.entries())
      if (!((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0))) drawSquare(grid, x, y, 2)
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const)
    drawSquare(grid, x, y, 4)
  if (version >= 7) drawVersion(grid, version)
}

/** A finder (radius 4, with its white edge) or an alignment pattern (radius 2). */
function drawSquare(grid: Grid, x: number, y: number, radius: number): void {
  for (let dy = -radius; dy <= radius; dy += 1)
    for (let dx = -radius; dx <= radius; dx += 1) {
      const ring = Math.max(Math.abs(dx), Math.abs(dy))
      set(grid, x + dx, y + dy, radius === 4 ? ring !== 2 && ring !== 4 : ring !== 1)
    }
}

function alignments(version: number, size: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.ceil((size - 13) / (2 * count - 2)) * 2
  const rest = Array.from({ length: count - 1 }, (_, index) => size - 7 - index * step)
  return [6, ...rest.toReversed()]
}

function drawVersion(grid: Grid, version: number): void {
  let rest = version
  for (let count = 0; count < 12; count += 1) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25)
  const bits = (version << 12) | rest
  for (let at = 0; at < 18; at += 1) {
    const dark = ((bits >>> at) & 1) === 1
    const [a, b] = [grid.length - 11 + (at % 3), Math.floor(at / 3)]
    set(grid, a, b, dark)
    set(grid, b, a, dark)
  }
}

function drawFormat(grid: Grid, mask: number): void {
  const data = (0b01 << 3) | mask
  let rest = data
  for (let count = 0; count < 10; count += 1) rest = (rest << 1) ^ ((rest >>> 9) * 0x537)
  const bits = ((data << 10) | rest) ^ 0x5412
  const bit = (at: number): boolean => ((bits >>> at) & 1) === 1
  const size = grid.length
  for (let at = 0; at < 15; at += 1) {
    const [x, y] = at < 6 ? [8, at] : at < 8 ? [8, at + 1] : at === 8 ? [7, 8] : [14 - at, 8]
    set(grid, x, y, bit(at))
    if (at < 8) set(grid, size - 1 - at, 8, bit(at))
    else set(grid, 8, size - 15 + at, bit(at))
  }
  set(grid, 8, size - 8, true)
}

/** Two columns at a time, from the right, up and down in turn. */
function drawData(grid: Grid, words: readonly number[], mask: number): void {
  const size = grid.length
  const flips = MASKS[mask] ?? (() => false)
  let at = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step += 1) {
      const upward = ((right + 1) & 2) === 0
      const y = upward ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (grid[y]?.[x] !== null) continue
        const bit = ((words[at >>> 3] ?? 0) >>> (7 - (at & 7))) & 1
        set(grid, x, y, (bit === 1) !== flips(x, y))
        at += 1
      }
    }
  }
}

/** How hard it is to read: long runs, blocks, things that look like a finder, too much of one colour. */
function penalty(grid: readonly (readonly boolean[])[]): number {
  const columns = grid.map((_, x) => grid.map((row) => row[x] === true))
  const lines = [...grid, ...columns].map((line) => line.map((dark) => (dark ? "1" : "0")).join(""))
  const runs = lines.reduce((sum, line) => sum + (line.match(/0{5,}|1{5,}/g) ?? []).reduce((more, run) => more + run.length - 2, 0), 0)
  const finders = lines.reduce((sum, line) => sum + (line.match(/(?=00001011101|10111010000)/g) ?? []).length * 40, 0)
  let blocks = 0
  for (let y = 1; y < grid.length; y += 1)
    for (let x = 1; x < grid.length; x += 1) {
      const dark = grid[y]?.[x]
      if (dark === grid[y]?.[x - 1] && dark === grid[y - 1]?.[x] && dark === grid[y - 1]?.[x - 1]) blocks += 3
    }
  const share = grid.flat().filter((dark) => dark).length / grid.length ** 2
  return runs + finders + blocks + Math.floor(Math.abs(share * 20 - 10)) * 10
}
