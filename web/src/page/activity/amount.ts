import { formatBytes } from "../../../../src/contract/units.ts"
import { grouped } from "../../words/count.ts"

export interface Amount {
  readonly bytesDone?: number | undefined
  readonly bytesTotal?: number | undefined
  readonly filesDone?: number | undefined
  readonly filesTotal?: number | undefined
}

/** Percent, by bytes where they are known, else by files; null when neither total is. */
export function doneShare({ bytesDone, bytesTotal, filesDone, filesTotal }: Amount): number | null {
  return share(bytesDone, bytesTotal) ?? share(filesDone, filesTotal)
}

function share(done: number | undefined, total: number | undefined): number | null {
  if (done === undefined || total === undefined || total === 0) return null
  // A source may grow while it is read.
  return Math.min(100, Math.round((done / total) * 100))
}

/** `1.2 GiB of 3.4 GiB, 120 files`; only what is known. */
export function amountWords({ bytesDone, bytesTotal, filesDone, filesTotal }: Amount): string {
  const bytes =
    bytesDone === undefined
      ? null
      : bytesTotal === undefined
        ? formatBytes(bytesDone)
        : `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`
  const files =
    filesDone === undefined
      ? null
      : filesTotal === undefined
        ? `${grouped(filesDone)} files`
        : `${grouped(filesDone)} of ${grouped(filesTotal)} files`
  return [bytes, files].filter((text) => text !== null).join(", ")
}
