import type { Clock } from "../../base/clock.ts"
import type { Policy } from "../../socket-proxy/socket-proxy.ts"
import type { Engine } from "./engine.ts"

/** A request that was not let through. */
export interface Refused {
  readonly method: string
  /** Without its parameters. */
  readonly path: string
  readonly status: number
  readonly why: string
}

/** What each connection is served with. */
export interface Ground {
  readonly policy: Policy
  readonly engine: Engine
  readonly clock: Clock
  /** Told of each request that was not let through, with the reason. */
  readonly onRefused: (refused: Refused) => void
}
