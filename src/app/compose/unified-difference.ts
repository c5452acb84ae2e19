const NO_END = "\\ No newline at end of file"

/**
 * A unified diff of two texts with equally many lines, as an edit inside of lines leaves them. There are no lines around the changed
 * ones: compose files and `.env` hold secrets, and a plan is shown and kept.
 */
export function unifiedDifference(path: string, before: string, after: string): string {
  const [old, changed] = [before.split("\n"), after.split("\n")]
  const lines = old.flatMap((line, index) => {
    const other = changed[index] ?? ""
    if (line === other) return []
    const ending = index === old.length - 1 ? [NO_END] : []
    return [`@@ -${index + 1} +${index + 1} @@`, `-${shown(line)}`, ...ending, `+${shown(other)}`, ...ending]
  })
  return [`--- ${path}`, `+++ ${path}`, ...lines, ""].join("\n")
}

function shown(line: string): string {
  return line.replace(/\r$/, "")
}
