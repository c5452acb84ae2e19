/**
 * Exclusion patterns as the vault's engine understands them: a pattern without a leading `/` matches any run of parts of the
 * path, one with it matches from the file system's root; `*` and `?` stay inside a part, `**` is any number of parts.
 */
export type Excludes = (relative: string) => boolean

export function excludesOf(root: string, patterns: readonly string[]): Excludes {
  const matchers = patterns.map((pattern) => {
    const expression = new RegExp(`${pattern.startsWith("/") ? "^" : "(?:^|/)"}${partsOf(pattern)}(?:/|$)`, "s")
    return (relative: string) => expression.test(pattern.startsWith("/") ? `${root}/${relative}` : relative)
  })
  return (relative) => matchers.some((matches) => matches(relative))
}

function partsOf(pattern: string): string {
  const parts = pattern.split("/").filter((part, index, all) => part !== "" || (index === 0 && all.length > 1))
  return parts
    .map((part, index) => {
      const last = index === parts.length - 1
      if (part === "**") return last ? ".*" : "(?:[^/]+/)*"
      return globOf(part) + (last ? "" : "/")
    })
    .join("")
}

function globOf(part: string): string {
  let text = ""
  for (let at = 0; at < part.length; at += 1) {
    const character = part[at] ?? ""
    const set = character === "[" ? /^\[\^?[^\]]+\]/.exec(part.slice(at))?.[0] : undefined
    if (set !== undefined) {
      text += set.replaceAll("\\", "\\\\")
      at += set.length - 1
    } else if (character === "*") text += "[^/]*"
    else if (character === "?") text += "[^/]"
    else text += character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
  }
  return text
}
