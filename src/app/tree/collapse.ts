/** What is compared between two captures of one source. Null: not counted for this kind of source. */
export interface SourceSize {
  readonly files: number | null
  readonly sizeBytes: number
  readonly rows: number | null
}

export interface CollapseThresholds {
  /** 0.5: falling below half is a collapse. */
  readonly collapseRatio: number
  /** Counts smaller than this are judged only by emptiness. */
  readonly collapseFloor: number
}

/**
 * Why the present size cannot be trusted against the last good one: emptied, or fallen below the threshold (F42, F81, F153).
 * Empty when it can. Bytes are judged where the counts are not below the floor.
 */
export function collapseCheck(previous: SourceSize, current: SourceSize, thresholds: CollapseThresholds): readonly string[] {
  const reasons = (["rows", "files"] as const).flatMap((what) => countReason(what, previous[what], current[what], thresholds))
  if (reasons.length > 0) return reasons
  const large = Math.max(previous.rows ?? 0, previous.files ?? 0) >= thresholds.collapseFloor
  if (previous.sizeBytes > 0 && current.sizeBytes === 0) return [`0 bytes, there were ${previous.sizeBytes}`]
  if (large && current.sizeBytes < previous.sizeBytes * thresholds.collapseRatio) {
    return [`${current.sizeBytes} bytes, there were ${previous.sizeBytes}`]
  }
  return []
}

function countReason(what: string, previous: number | null, current: number | null, thresholds: CollapseThresholds): readonly string[] {
  if (previous === null || current === null || previous === 0) return []
  const emptied = current === 0
  const fallen = previous >= thresholds.collapseFloor && current < previous * thresholds.collapseRatio
  return emptied || fallen ? [`${current} ${what}, there were ${previous}`] : []
}
