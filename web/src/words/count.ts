/** `1 point`, `3 points`, `no points`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  if (count === 0) return `no ${many}`
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** `12 345` with narrow spaces, which is read the same in every country. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, "\u202F")
}

/** `+12`, `−3`, `0`; null where one side is not known. */
export function difference(from: number | null, to: number | null): string | null {
  if (from === null || to === null) return null
  const change = to - from
  if (change === 0) return "0"
  return change > 0 ? `+${grouped(change)}` : `−${grouped(-change)}`
}
