/** restic calls are a process each: a few at a time hide their waiting, many only fight for the machine. */
const AT_ONCE = 4

/** Does the work for each item, a few at a time; results keep the order. The first failure ends it. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results = new Map<number, R>()
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results.set(index, await work(item))
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  return [...results].toSorted(([left], [right]) => left - right).map(([, result]) => result)
}
