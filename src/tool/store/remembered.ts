/** Rows as they were last read, given again until somebody writes: pages and checks ask for the same thousands over and over (design §14). */
export interface Remembered<Read> {
  /** What `fetch` answers for this key, asked only if the rows may have changed since it was asked last. */
  read(key: string, fetch: () => Promise<Read>): Promise<Read>
  /** Does a write of this process to the rows of a key. */
  write<Result>(key: string, change: () => Promise<Result>): Promise<Result>
}

/**
 * @param foreignWrites a number that changes whenever another connection has written to the file; null when that cannot be told
 */
export function remembered<Read>(foreignWrites: () => number | null): Remembered<Read> {
  const kept = new Map<string, { readonly version: string; readonly read: Read }>()
  const ownWrites = new Map<string, number>()
  const versionOf = (key: string): string | null => {
    const foreign = foreignWrites()
    return foreign === null ? null : `${ownWrites.get(key) ?? 0} ${foreign}`
  }
  return {
    read: async (key, fetch) => {
      // Told before the rows are read: rows newer than their version are read once more, older ones are never given.
      const version = versionOf(key)
      const present = kept.get(key)
      if (present !== undefined && present.version === version) return present.read
      const read = await fetch()
      if (version !== null) kept.set(key, { version, read })
      return read
    },
    write: async (key, change) => {
      try {
        return await change()
      } finally {
        // Even of a write that failed: whether it came to something is not known here.
        ownWrites.set(key, (ownWrites.get(key) ?? 0) + 1)
      }
    },
  }
}
