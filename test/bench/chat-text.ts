/** Text as people write it, as far as a compressor can tell: words drawn by a Zipf law, sentences of very different length. */
const VOCABULARY = 30_000
/** One draw is one look into this table, in which a word stands as often as the law wants it. */
const TABLE_BITS = 18
const SYLLABLES = "ka lo mi ren sta ver tio al be cho du en fra gi hu in jo kle ma ne or pla qui ro su te un vi wo ya zen ing er ly".split(
  " ",
)

/** Whole numbers from 0 to 2³² − 1, the same for the same seed (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Gives sentences: half of them have up to 12 words, few more than 60. */
export function sentences(seed: number): () => string {
  const next = numbers(seed)
  const words = zipfTable(vocabulary())
  return () => {
    const share = (next() + 1) / 2 ** 32
    const length = Math.min(400, Math.ceil(8 / Math.sqrt(share)))
    let sentence = ""
    for (let word = 0; word < length; word += 1) sentence += `${word === 0 ? "" : " "}${words[next() >>> (32 - TABLE_BITS)] ?? ""}`
    return sentence
  }
}

function vocabulary(): readonly string[] {
  const next = numbers(7)
  const words = new Set<string>()
  // Frequent words are short ones.
  while (words.size < VOCABULARY) {
    const syllables = 1 + Math.floor(Math.log2(1 + words.size / 60) / 3) + (next() % 2)
    words.add(Array.from({ length: syllables }, () => SYLLABLES[next() % SYLLABLES.length] ?? "").join(""))
  }
  return [...words]
}

function zipfTable(words: readonly string[]): readonly string[] {
  const total = words.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0)
  const table: string[] = []
  let reached = 0
  for (const [rank, word] of words.entries()) {
    reached += 1 / (rank + 1) / total
    while (table.length < reached * 2 ** TABLE_BITS && table.length < 2 ** TABLE_BITS) table.push(word)
  }
  while (table.length < 2 ** TABLE_BITS) table.push(words[0] ?? "")
  return table
}
