import type { OperationKind, OperationOutcome, OperationRecord, PointSummary, ProofRecord } from "../operation/ports.ts"

export interface SizeAt extends Pick<PointSummary, "id" | "vault" | "sizeBytes" | "storedBytes" | "rows"> {
  readonly at: Date
}

export interface DurationAt {
  readonly at: Date
  readonly operationId: string
  readonly kind: OperationKind
  readonly outcome: OperationOutcome
  readonly durationMs: number
}

export interface RecoveryTimeAt {
  readonly at: Date
  readonly level: "restored" | "booted"
  readonly durationMs: number
}

/** How one app developed; every series is oldest first. */
export interface Trend {
  readonly sizes: readonly SizeAt[]
  readonly durations: readonly DurationAt[]
  readonly recoveryTimes: readonly RecoveryTimeAt[]
}

/** Series for the panel and `/metrics`. Operations that have not ended, and proofs that measured no restore, are left out. */
export function trendOf(
  points: readonly PointSummary[],
  operations: readonly Pick<OperationRecord, "id" | "kind" | "startedAt" | "finishedAt" | "outcome">[],
  proofs: readonly ProofRecord[],
): Trend {
  return {
    sizes: oldestFirst(
      points.map(({ id, vault, sizeBytes, storedBytes, rows, startedAt }) => ({ at: startedAt, id, vault, sizeBytes, storedBytes, rows })),
    ),
    durations: oldestFirst(operations.flatMap(durationOf)),
    recoveryTimes: oldestFirst(
      proofs.flatMap(({ at, level, durationMs }) => (level === "restored" || level === "booted" ? [{ at, level, durationMs }] : [])),
    ),
  }
}

function durationOf({
  id,
  kind,
  startedAt,
  finishedAt,
  outcome,
}: Pick<OperationRecord, "id" | "kind" | "startedAt" | "finishedAt" | "outcome">): readonly DurationAt[] {
  if (finishedAt === null || outcome === null) return []
  // A clock that was set back meanwhile gives no duration worth showing.
  const durationMs = finishedAt.getTime() - startedAt.getTime()
  return durationMs < 0 ? [] : [{ at: startedAt, operationId: id, kind, outcome, durationMs }]
}

function oldestFirst<Item extends { readonly at: Date }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((left, right) => left.at.getTime() - right.at.getTime())
}

export interface TrendPoint extends Pick<PointSummary, "id" | "sequence" | "sizeBytes" | "rows" | "acceptedCollapse" | "parts"> {
  readonly damaged: boolean
}

export interface Fall<Point> {
  readonly point: Point
  readonly what: "rows" | "bytes"
  readonly now: number
  /** The middle of the points before. */
  readonly usual: number
}

const COMPARED_WITH = 7
const SMALLEST_JUDGED_BYTES = 1024 * 1024

/**
 * Whether the newest point is sharply below the trend: less than the allowed share of the middle of up to seven points before it that
 * hold the same parts. A capture is already refused when it falls sharply below the one before; this sees a fall in several steps, and
 * one that came from elsewhere. A drop that a person accepted starts a new trend.
 * @param points of one vault
 */
export function fallOf<Point extends TrendPoint>(
  points: readonly Point[],
  thresholds: { readonly collapseRatio: number; readonly collapseFloor: number },
): Fall<Point> | null {
  const ordered = points.filter(({ damaged }) => !damaged).toSorted((left, right) => left.sequence - right.sequence)
  const point = ordered.at(-1)
  if (point === undefined || point.acceptedCollapse) return null
  const since = ordered.findLastIndex(({ acceptedCollapse }) => acceptedCollapse)
  const before = ordered
    .slice(Math.max(0, since), -1)
    .filter((earlier) => sameParts(earlier, point))
    .slice(-COMPARED_WITH)
  const { collapseRatio, collapseFloor } = thresholds
  return (
    fell({ point, what: "rows", now: point.rows, before: before.map(({ rows }) => rows), floor: collapseFloor }, collapseRatio) ??
    fell(
      { point, what: "bytes", now: point.sizeBytes, before: before.map(({ sizeBytes }) => sizeBytes), floor: SMALLEST_JUDGED_BYTES },
      collapseRatio,
    )
  )
}

interface Measured<Point> extends Pick<Fall<Point>, "point" | "what"> {
  readonly now: number | null
  readonly before: readonly (number | null)[]
  /** What is usually less is not judged. */
  readonly floor: number
}

function fell<Point>({ point, what, now, before, floor }: Measured<Point>, ratio: number): Fall<Point> | null {
  const usual = middle(before.filter((value) => value !== null))
  if (now === null || usual === null || usual < floor || now >= usual * ratio) return null
  return { point, what, now, usual }
}

/** Images come and go with releases; they say nothing about the data. */
function sameParts(left: TrendPoint, right: TrendPoint): boolean {
  return partsOf(left) === partsOf(right)
}

function partsOf({ parts }: TrendPoint): string {
  return parts
    .filter((part) => !part.startsWith("image"))
    .toSorted()
    .join(" ")
}

/** The lower middle; null of nothing. */
function middle(values: readonly number[]): number | null {
  return values.toSorted((left, right) => left - right)[Math.floor((values.length - 1) / 2)] ?? null
}
