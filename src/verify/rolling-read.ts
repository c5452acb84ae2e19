import type { ProofRecord } from "../operation/ports.ts"

/** What is to be known of a point to say when it is to be read; the store's summaries have it. */
export interface ReadablePoint {
  readonly app: string
  readonly vault: string
  readonly id: string
  readonly startedAt: Date
  readonly sizeBytes: number
}

export interface RollingPeriod {
  /** Every point of every vault is to be read once in this time; 30 days unless told. */
  readonly periodMs?: number
  readonly now: Date
}

export const ROLLING_PERIOD_MS = 30 * 86_400_000

const DAY_MS = 86_400_000
/** What is overdue (nothing ran for a while, or reading has just begun) is caught up in this share of the period. */
const CATCH_UP_SHARE = 1 / 4
/** So many days together read no more than is due to them, however large single points are; and so does a whole period. */
const EVENED_DAYS = 7
/** A share is a fraction; what is left of it after it was used up is not a byte. */
const ROUNDING = 1e-3

/**
 * The points to `verify` next, most urgent first: today's share of each vault, so that every point is read within the period and each
 * day reads about as much as the others. Asked again on the same day (UTC) it gives what is left of that day's share, so it does not
 * matter how often it is asked or whether something ended in between. Empty when nothing is left for today.
 *
 * Days are even when points are; a day reads at most one point more than its share. A point that was never read counts from when it
 * was taken. Every proof but `sealed` read the point.
 */
export function nextReads<Point extends ReadablePoint>(
  points: readonly Point[],
  proofs: readonly Pick<ProofRecord, "app" | "vault" | "point" | "level" | "at">[],
  period: RollingPeriod,
): readonly Point[] {
  const today = new Date(Math.floor(period.now.getTime() / DAY_MS) * DAY_MS)
  const reads = newestReads(proofs, today)
  const periodMs = period.periodMs ?? ROLLING_PERIOD_MS
  const vaults = Map.groupBy(points, (point) => point.vault)
  const shares = [...vaults.values()].flatMap((ofVault) => shareOf(ofVault, reads.before, periodMs, today))
  return shares
    .filter(({ point }) => !reads.today.has(keyOf(point.app, point.vault, point.id)))
    .toSorted((left, right) => left.dueMs - right.dueMs)
    .map(({ point }) => point)
}

interface DuePoint<Point> {
  readonly point: Point
  /** When it must have been read, in milliseconds since 1970. */
  readonly dueMs: number
}

/** One vault's share of a day, as it was when the day began. */
function shareOf<Point extends ReadablePoint>(
  points: readonly Point[],
  before: ReadonlyMap<string, number>,
  periodMs: number,
  today: Date,
): readonly DuePoint<Point>[] {
  const queue = points
    .map((point) => ({ point, dueMs: (before.get(keyOf(point.app, point.vault, point.id)) ?? point.startedAt.getTime()) + periodMs }))
    .toSorted((left, right) => left.dueMs - right.dueMs || (left.point.id < right.point.id ? -1 : 1))
  const todayMs = today.getTime()
  const share = dailyBytes(queue, periodMs, todayMs)
  // A point is read whole, so a day takes more than its share; the days after it take less.
  const left = (days: number): number => share * days - readSince(queue, before, todayMs - (days - 1) * DAY_MS)
  const budget = Math.min(share, left(EVENED_DAYS), left(Math.floor(periodMs / DAY_MS)))
  let bytes = 0
  return queue.filter(({ point, dueMs }) => {
    const isLastChance = dueMs >= todayMs && dueMs < todayMs + DAY_MS
    if (bytes >= budget - ROUNDING && !isLastChance) return false
    bytes += weightOf(point)
    return true
  })
}

function readSince(queue: readonly DuePoint<ReadablePoint>[], before: ReadonlyMap<string, number>, sinceMs: number): number {
  return sumOf(queue.filter(({ point }) => (before.get(keyOf(point.app, point.vault, point.id)) ?? 0) >= sinceMs))
}

/**
 * The least that, read every day, reads all in time: an even share of everything, more when what falls due soon is more than that, and
 * a part of what is overdue.
 */
function dailyBytes(queue: readonly DuePoint<ReadablePoint>[], periodMs: number, todayMs: number): number {
  const total = sumOf(queue)
  const overdue = sumOf(queue.filter((one) => one.dueMs < todayMs))
  const evenly = (total * DAY_MS) / periodMs
  const catchingUp = overdue / Math.max(1, (periodMs * CATCH_UP_SHARE) / DAY_MS)
  let ahead = 0
  let inTime = 0
  for (const { point, dueMs } of queue) {
    if (dueMs < todayMs) continue
    // Without the point itself: one alone can wait for its last day, several must not wait for the same one.
    inTime = Math.max(inTime, ahead / Math.max(1, Math.floor((dueMs - todayMs) / DAY_MS)))
    ahead += weightOf(point)
  }
  return Math.max(evenly, inTime) + catchingUp
}

function sumOf(queue: readonly DuePoint<ReadablePoint>[]): number {
  return queue.reduce((sum, { point }) => sum + weightOf(point), 0)
}

/** An empty point is read as well. */
function weightOf(point: ReadablePoint): number {
  return Math.max(1, point.sizeBytes)
}

function newestReads(
  proofs: readonly Pick<ProofRecord, "app" | "vault" | "point" | "level" | "at">[],
  today: Date,
): { before: ReadonlyMap<string, number>; today: ReadonlySet<string> } {
  const before = new Map<string, number>()
  const done = new Set<string>()
  for (const proof of proofs) {
    if (proof.level === "sealed") continue
    const key = keyOf(proof.app, proof.vault, proof.point)
    if (proof.at >= today) done.add(key)
    else before.set(key, Math.max(before.get(key) ?? 0, proof.at.getTime()))
  }
  return { before, today: done }
}

function keyOf(app: string, vault: string, point: string): string {
  return `${app}\n${vault}\n${point}`
}
