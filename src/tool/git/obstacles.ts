import type { FetchContext } from "../../release/ports.ts"
import { plainLine, type Ask } from "./run.ts"

/** More are not named. */
const MOST_NAMED = 5

/** Files that would have to come from elsewhere (submodules) or out of a program (filters, as git-lfs has one). */
export async function obstaclesOf(ask: Ask, commit: string, ctx: FetchContext): Promise<readonly string[]> {
  const what = `the files of ${commit} cannot be listed`
  const entries = (await ask(["ls-tree", "-r", "-z", "--full-tree", commit], what, ctx)).split("\0")
  const submodules = entries.flatMap((entry) => /^160000 commit [0-9a-f]+\t(.*)$/s.exec(entry)?.[1] ?? [])
  const attributes = entries.flatMap((entry) => /^100\d+ blob ([0-9a-f]+)\t((?:.*\/)?\.gitattributes)$/s.exec(entry)?.slice(1, 3) ?? [])
  const filtered: string[] = []
  for (let at = 0; at + 1 < attributes.length; at += 2) {
    if (hasFilter(await ask(["cat-file", "blob", attributes[at] ?? ""], what, ctx))) filtered.push(attributes[at + 1] ?? "")
  }
  return [
    ...(submodules.length === 0 ? [] : [`there are submodules: ${named(submodules)}`]),
    ...(filtered.length === 0 ? [] : [`files pass through a filter, by ${named(filtered)}`]),
  ]
}

function hasFilter(attributes: string): boolean {
  return attributes.split("\n").some((line) => !line.trimStart().startsWith("#") && /\s(?:filter|working-tree-encoding)=\S/.test(line))
}

function named(paths: readonly string[]): string {
  const more = paths.length - MOST_NAMED
  return `${paths.slice(0, MOST_NAMED).map(plainLine).join(", ")}${more > 0 ? ` and ${more} more` : ""}`
}
