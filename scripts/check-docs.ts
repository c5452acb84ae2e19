/** Checks that links and citations lead somewhere, that written pages are current, and that nothing names one machine. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { catalog } from "../src/base/error-catalog.ts"
import { citationProblems, forbiddenProblems, sectionsOf, undocumentedCodes } from "./docs/citations.ts"
import { linkProblems, type Problem } from "./docs/links.ts"
import { writtenPages } from "./docs/pages.ts"

const root = resolve(import.meta.dirname, "..")
const texts = readAll(/\.(md|ts|mjs|json|ya?ml|sh)$|^(holdfast|scripts\/install|\.ci\/run)$/)
const pages = new Map([...texts].filter(([file]) => file.endsWith(".md")))
const code = new Map([...texts].filter(([file]) => !file.endsWith(".md") && file !== "package-lock.json"))
/** Their own patterns and test cases would count as findings. */
const cited = new Map([...code].filter(([file]) => !file.startsWith("scripts/docs/")))

const problems = [
  ...linkProblems(pages, (path) => existsSync(join(root, path))),
  ...citationProblems(cited, sectionsOf(pages)),
  ...forbiddenProblems(new Map([...pages, ...cited])),
  ...undocumentedCodes(Object.keys(catalog), pages.get("docs/manual/errors.md") ?? ""),
  ...stalePages(),
]
for (const { file, line, what } of problems) console.error(`${file}:${line} ${what}`)
console.log(`docs: ${pages.size} pages, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

function stalePages(): Problem[] {
  return [...writtenPages()].flatMap(([file, text]) =>
    pages.get(file) === text ? [] : [{ file, line: 1, what: "is not what the code says; run `npm run docs:write`" }],
  )
}

/** Files that git knows or would add, so that a build's leftovers are not read. */
function readAll(pattern: RegExp): ReadonlyMap<string, string> {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  const files = listed.split("\n").filter((file) => pattern.test(file) && existsSync(join(root, file)))
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]))
}
