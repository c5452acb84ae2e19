/** Citations of the design in code, and words that must not leave the workshop. */
import type { Problem } from "./links.ts"

/** Section numbers that headings carry (`§5`, `§5.2`), and those of a section's numbered steps (`7.6` is step 6 of §7). */
export function sectionsOf(pages: ReadonlyMap<string, string>): ReadonlySet<string> {
  const sections = new Set<string>()
  for (const [file, text] of pages) {
    if (!file.startsWith("docs/design/")) continue
    let current = ""
    for (const line of text.split("\n")) {
      current = /^#{1,4}\s+§(\d+(?:\.\d+)?)\b/.exec(line)?.[1] ?? current
      const step = /^(\d+)\. /.exec(line)?.[1]
      if (current !== "") sections.add(step === undefined ? current : `${current}.${step}`)
    }
  }
  return sections
}

/** Code that cites a section which the design does not have. */
export function citationProblems(files: ReadonlyMap<string, string>, sections: ReadonlySet<string>): Problem[] {
  return everyMatch(files, /design §(\d+(?:\.\d+)?)/g).flatMap(({ file, line, found }) =>
    sections.has(found) ? [] : [{ file, line, what: `cites design §${found}, which docs/design does not have` }],
  )
}

const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(\/work\/(?:main|shared)[\w/-]*)/g, "a path of one machine"],
  [/(https?:\/\/(?:[\w.-]+\.)?(?:pkg\.dev|registry\.npmjs\.org|artifactory[\w.-]*)\b)/g, "the address of a registry"],
]

/** Paths of one machine and addresses of registries. */
export function forbiddenProblems(files: ReadonlyMap<string, string>): Problem[] {
  return FORBIDDEN.flatMap(([pattern, what]) =>
    everyMatch(files, pattern).map(({ file, line, found }) => ({ file, line, what: `${what}: ${found}` })),
  )
}

/** Error codes that the page of errors does not explain under a heading of their own. */
export function undocumentedCodes(codes: readonly string[], errorsPage: string): Problem[] {
  const headings = new Set([...errorsPage.matchAll(/^### (\w+)$/gm)].map((match) => match[1]))
  return codes
    .filter((code) => !headings.has(code))
    .map((code) => ({ file: "docs/manual/errors.md", line: 1, what: `does not explain ${code}` }))
}

function everyMatch(files: ReadonlyMap<string, string>, pattern: RegExp): { file: string; line: number; found: string }[] {
  return [...files].flatMap(([file, text]) =>
    text
      .split("\n")
      .flatMap((content, index) => [...content.matchAll(pattern)].map((match) => ({ file, line: index + 1, found: match[1] ?? "" }))),
  )
}
