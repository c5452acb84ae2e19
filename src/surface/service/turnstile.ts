import { HoldfastError } from "../../base/errors.ts"

export interface Waiting {
  readonly app: string
  readonly command: string
  readonly since: Date
}

/** So many at once; the others wait in the order in which they came, and can be seen. */
export interface Turnstile {
  /** Resolves when it is this one's turn, to what gives the turn back. Throws OPERATION_CANCELLED when it is closed first. */
  enter(who: Waiting): Promise<() => void>
  waiting(): readonly Waiting[]
  /** Whoever still waits is turned away. */
  close(): void
}

interface Queued {
  readonly who: Waiting
  readonly go: () => void
  readonly turnAway: (reason: HoldfastError) => void
}

export function createTurnstile(limit: number): Turnstile {
  let queue: Queued[] = []
  let inside = 0
  const leave = (): void => {
    inside -= 1
    const [next, ...rest] = queue
    if (next === undefined) return
    queue = rest
    next.go()
  }
  const turn = (): (() => void) => {
    inside += 1
    let left = false
    return () => {
      if (left) return
      left = true
      leave()
    }
  }
  return {
    enter: async (who) => {
      if (inside < limit) return turn()
      return await new Promise<() => void>((resolve, reject) => {
        queue = [...queue, { who, go: () => resolve(turn()), turnAway: reject }]
      })
    },
    waiting: () => queue.map(({ who }) => who),
    close: () => {
      const turnedAway = queue
      queue = []
      for (const { who, turnAway } of turnedAway) {
        turnAway(new HoldfastError("OPERATION_CANCELLED", { what: `\`${who.command}\` was not started`, why: "the service was stopped" }))
      }
    },
  }
}
