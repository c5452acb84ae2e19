import type { SealedPoint } from "../recovery-point/recovery-point.ts"

/** Each call has its price, so small points travel together; each point is safe only when its batch is done, so large ones do not. */
const MOST_POINTS = 25
const MOST_BYTES = 1024 ** 3

/** Newest first, in groups that are copied together; within a group oldest first. */
export function batchesOf(points: readonly SealedPoint[]): readonly (readonly SealedPoint[])[] {
  const batches: SealedPoint[][] = []
  let bytes = 0
  for (const point of points.toReversed()) {
    const size = point.manifest.parts.reduce((sum, part) => sum + part.sizeBytes, 0)
    const last = batches.at(-1)
    if (last === undefined || last.length >= MOST_POINTS || bytes + size > MOST_BYTES) {
      batches.push([point])
      bytes = size
    } else {
      last.unshift(point)
      bytes += size
    }
  }
  return batches
}
