/** Runs one action after the other, whatever becomes of each. */
export type InTurn = <T>(action: () => Promise<T>) => Promise<T>

export function createInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return async (action) => {
    const before = last
    const own = Promise.withResolvers<void>()
    last = own.promise
    await before
    try {
      return await action()
    } finally {
      own.resolve()
    }
  }
}
