import { isHoldfastError, type ErrorCode, type HoldfastError } from "../base/errors.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import { batchesOf } from "./batches.ts"
import { copyBatch, linkOf, type CopyGround } from "./copy-batch.ts"

/** Copies the points, newest first. Returns those that could not be copied, with what stood in the way; throws only what ends the operation. */
export async function copyAll(ground: CopyGround, wanted: readonly SealedPoint[]): Promise<ReadonlyMap<string, HoldfastError>> {
  const failures = new Map<string, HoldfastError>()
  const queue = [...batchesOf(wanted)]
  for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
    const error = await failureOf(ground, batch)
    if (error === null) continue
    if (endsTheRun(error)) {
      for (const point of [...batch, ...queue.flat()]) failures.set(point.manifest.id, error)
      return failures
    }
    // One bad point must not keep those beside it from being copied.
    if (batch.length > 1) queue.unshift(...batch.map((point) => [point]).toReversed())
    else for (const point of batch) failures.set(point.manifest.id, error)
  }
  return failures
}

async function failureOf(ground: CopyGround, batch: readonly SealedPoint[]): Promise<HoldfastError | null> {
  const error = await caught(ground, async () => await copyBatch(ground, batch))
  if (error === null || endsTheRun(error)) return error
  // A target that cannot even be told so has been lost on the way.
  const second = await caught(ground, async () => await ground.announcer.withdraw(batch.map(linkOf), ground.ctx))
  return second ?? error
}

/** What went wrong with the vaults; anything else ends the operation. */
async function caught({ ctx }: CopyGround, action: () => Promise<void>): Promise<HoldfastError | null> {
  try {
    await action()
    return null
  } catch (thrown) {
    if (ctx.signal.aborted || !isHoldfastError(thrown) || thrown.code === "LEASE_LOST") throw thrown
    return thrown
  }
}

const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set([
  "VAULT_UNREACHABLE",
  "VAULT_FULL",
  "VAULT_LOCKED",
  "VAULT_ABSENT",
  "VAULT_WRONG_KEY",
  "VAULT_KEY_MISSING",
  "VAULT_TOOL_MISSING",
  "SETTINGS_INVALID",
])

/** What is not about one point would meet every other point as well. */
export function endsTheRun(error: HoldfastError): boolean {
  return ENDS_THE_RUN.has(error.code)
}
