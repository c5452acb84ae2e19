/** Addresses of one text: split at comma, semicolon, space or line, each one once, whatever its case (C90). */
export function splitAddresses(text: string): readonly string[] {
  const found = new Map<string, string>()
  for (const address of text.split(/[,;\s]/)) {
    const key = address.toLowerCase()
    if (address !== "" && !found.has(key)) found.set(key, address)
  }
  return [...found.values()]
}
