/**
 * Exclusion patterns as the vault's engine understands them: a pattern without a leading `/` matches any run of parts of the
 * path, one with it begins at the root of the tree; `*` and `?` stay inside a part, `**` is any number of parts, and a backslash takes the next character as it is.
 */
export type Excludes = (relative: string) => boolean

export function excludesOf(patterns: readonly string[]): Excludes {
  const matchers = patterns.map((pattern) => {
    const expression = new RegExp(`${pattern.startsWith("/") ? "^" : "(?:^|/)"}${partsOf(pattern)}(?:/|$)`, "s")
    return (relative: string) => expression.test(pattern.startsWith("/") ? `/${relative}` : relative)
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
    } else if (character === "\\" && at + 1 < part.length) {
      at += 1
      text += literal(part[at] ?? "")
    } else if (character === "*") text += "[^/]*"
    else if (character === "?") text += "[^/]"
    else text += literal(character)
  }
  return text
}

function literal(character: string): string {
  return character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
}

/** A name as a pattern that matches only it. */
export function literally(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, "\\$&")
}
