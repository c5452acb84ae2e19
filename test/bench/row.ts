import { formatBytes } from "../../src/base/units.ts"
import { table } from "../../scripts/test/evidence-page.ts"

export interface Row {
  readonly work: string
  readonly ours: string
  readonly against: string
  readonly theirs: string
  readonly ratio: string
  readonly aim: string
  /** Null where there is no aim. */
  readonly met: boolean | null
}

/** We should take at most `most` times what the other takes. */
export function slowerBy(work: string, oursMs: number, against: string, theirsMs: number, most: number): Row {
  const ratio = oursMs / theirsMs
  return row(work, seconds(oursMs), against, seconds(theirsMs), `${ratio.toFixed(2)} ×`, `≤ ${most} ×`, ratio <= most)
}

/** We may take so much longer than the other, whatever the size. */
export function atMostLonger(work: string, oursMs: number, against: string, theirsMs: number, mostMs: number): Row {
  const moreMs = oursMs - theirsMs
  const more = `${moreMs < 0 ? "−" : "+"} ${seconds(Math.abs(moreMs))}`
  return row(work, seconds(oursMs), against, seconds(theirsMs), more, `≤ + ${seconds(mostMs)}`, moreMs <= mostMs)
}

/** A row without an aim of its own. */
export function measuredOnly(work: string, oursMs: number, against: string, theirsMs: number): Row {
  return row(work, seconds(oursMs), against, seconds(theirsMs), `${(oursMs / theirsMs).toFixed(2)} ×`, "", null)
}

/** We should be at least `least` times as fast as the other. */
export function fasterBy(work: string, oursMs: number, against: string, theirsMs: number, least: number): Row {
  const ratio = theirsMs / oursMs
  return row(
    work,
    seconds(oursMs),
    against,
    seconds(theirsMs),
    ratio >= 1 ? `${ratio.toFixed(2)} × faster` : `${(1 / ratio).toFixed(2)} × slower`,
    `≥ ${least} × faster`,
    ratio >= least,
  )
}

export function atMostBytes(work: string, bytes: number, against: string, most: number): Row {
  return row(work, formatBytes(bytes), against, "", "", `≤ ${formatBytes(most)}`, bytes <= most)
}

export function atMostPercent(work: string, part: number, whole: number, against: string, most: number): Row {
  const percent = (100 * part) / whole
  return row(work, formatBytes(part), against, formatBytes(whole), `${percent.toFixed(2)} %`, `≤ ${most} %`, percent <= most)
}

/** We may be at most so much larger than we were. */
export function grownBy(work: string, bytes: number, against: string, before: number, most: number): Row {
  const percent = (100 * (bytes - before)) / before
  return row(work, formatBytes(bytes), against, formatBytes(before), `${percent.toFixed(1)} %`, `≤ ${most} %`, percent <= most)
}

/** Processor time in percent of one processor. */
export function atMostPercentOfTime(work: string, percent: number, most: number): Row {
  return row(work, `${percent.toFixed(2)} % of a processor`, "", "", "", `< ${most} %`, percent < most)
}

export function atMostMs(work: string, ms: number, most: number): Row {
  return row(work, `${ms.toFixed(0)} ms`, "", "", "", `≤ ${most} ms`, ms <= most)
}

/** Takes rows as they are measured. */
export type Keep = (...rows: readonly Row[]) => void

/** One row as a line, for those who watch. */
export function renderRow({ work, ours, against, theirs, ratio, met }: Row): string {
  return [work, ours, against, theirs, ratio, met === null ? "" : met ? "met" : "missed"].filter((cell) => cell !== "").join(" | ")
}

export function renderRows(rows: readonly Row[]): string {
  return table(
    ["work", "Holdfast", "against", "takes", "ratio", "aim", "met"],
    rows.map((each) => [
      each.work,
      each.ours,
      each.against,
      each.theirs,
      each.ratio,
      each.aim,
      each.met === null ? "" : each.met ? "yes" : "**no**",
    ]),
  )
}

function row(work: string, ours: string, against: string, theirs: string, ratio: string, aim: string, met: boolean | null): Row {
  return { work, ours, against, theirs, ratio, aim, met }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
