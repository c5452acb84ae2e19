/** What the error catalog and tools say begins small and has no full stop; on a page it stands alone, as a sentence. */
export function sentence(text: string): string {
  const whole = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  return /[.!?:;]$/.test(whole) ? whole : `${whole}.`
}
