/** A part's name for people: an image's digest by its first digits, as Docker shows it. */
export function shownPart(part: string): string {
  return part.replace(/^(image:sha256:[0-9a-f]{12})[0-9a-f]+$/, "$1")
}
