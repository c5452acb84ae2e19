/** What is wrong with a set of pages: links that lead nowhere, anchors that are not there. */
import { posix } from "node:path"

export interface Problem {
  readonly file: string
  readonly line: number
  readonly what: string
}

/** `pages`: path inside the checkout → Markdown text. `exists`: whether another file or folder of the checkout is there. */
export function linkProblems(pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): Problem[] {
  return [...pages].flatMap(([file, text]) =>
    proseLines(text).flatMap(([line, prose]) =>
      targetsIn(prose).flatMap((target) => {
        const what = targetProblem(file, target, pages, exists)
        return what === null ? [] : [{ file, line, what }]
      }),
    ),
  )
}

function targetProblem(file: string, target: string, pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): string | null {
  if (/^[a-z]+:/i.test(target)) return null
  const [path = "", anchor] = target.split("#")
  const place = path === "" ? file : posix.normalize(posix.join(posix.dirname(file), path))
  const text = pages.get(place)
  if (text === undefined && !exists(place)) return `link to ${target}: there is no ${place}`
  if (anchor === undefined) return null
  if (text === undefined) return `link to ${target}: ${place} is not a page`
  return anchorsOf(text).has(anchor) ? null : `link to ${target}: ${place} has no heading #${anchor}`
}

/** The anchors that headings get, as GitHub makes them; repeated ones get `-1`, `-2`. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, line] of proseLines(text)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading === undefined) continue
    const base = slug(heading)
    let anchor = base
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

function slug(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-")
}

/** Lines outside code fences, with their numbers from 1. */
function proseLines(text: string): [number, string][] {
  let fenced = false
  return text.split("\n").flatMap((line, index): [number, string][] => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
    return fenced ? [] : [[index + 1, line]]
  })
}

function targetsIn(line: string): string[] {
  const prose = line.replaceAll(/`[^`]*`/g, "")
  return [...prose.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g)].flatMap((match) => (match[1] === undefined ? [] : [match[1]]))
}
