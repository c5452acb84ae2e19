/** What the error catalog and tools say begins small and has no full stop; on a page it stands alone, as a sentence. */
export function sentence(text: string): string {
  const whole = capitalised(text)
  return /[.!?:;]$/.test(whole) ? whole : `${whole}.`
}

/** `stop what writes` reads `Stop what writes`. */
export function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
