/** Names for people: the first of them, and how many more there were, so that memory stays bounded. */
export interface ShortList {
  add(name: string): void
  count(): number
  names(): readonly string[]
}

const LISTED_AT_MOST = 1000

export function shortList(): ShortList {
  const listed: string[] = []
  let count = 0
  return {
    add: (name) => {
      count += 1
      if (listed.length < LISTED_AT_MOST) listed.push(name)
    },
    count: () => count,
    names: () => (count > listed.length ? [...listed, `and ${count - listed.length} more`] : listed),
  }
}
