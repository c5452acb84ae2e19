/** Rules of the house that neither the compiler, the linter nor the arrows can express (design §3), each with its reason. */
import ts from "typescript"

export interface Violation {
  readonly file: string
  readonly line: number
  readonly rule: string
  readonly reason: string
}

interface Source {
  /** Path inside the checkout, with forward slashes. */
  readonly file: string
  readonly tree: ts.SourceFile
}

const LINE_LIMIT = 400

const reasons = {
  "process-only-in-main":
    "only src/main.ts reads the environment and arguments or ends the process, so that every room can be run twice and tested",
  "clock-only-in-base": "time comes from ctx.clock, so that tests and settling can decide what time it is",
  "file-length": `a file over ${LINE_LIMIT} lines holds more than one idea`,
  "door-sentence": "the file with the room's name opens with one sentence that says what the room is for",
  "no-escape": "a silenced check is a check that is not there",
  "erasable-only": "the program runs without a build step; only syntax that can be erased runs",
} as const

type Rule = keyof typeof reasons

const CLOCK_ROOMS = /^src\/(base\/clock\.ts|tool\/process\/)/
const TIMERS = new Set(["setTimeout", "setInterval", "setImmediate"])
const ESCAPE = /@ts-(ignore|nocheck|expect-error)|(oxlint|eslint)-disable|oxfmt-ignore|prettier-ignore/

/** Every violation in one file of the checkout. `text` is its content. */
export function violationsOf(file: string, text: string): Violation[] {
  const kind = file.endsWith(".tsx") ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const source: Source = { file, tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind) }
  const product = file.startsWith("src/") && !file.endsWith(".test.ts")
  return [
    ...tooLong(source, text),
    ...escapes(source, text),
    ...(product ? doorSentence(source, text) : []),
    ...(product ? walk(source, source.tree) : []),
  ]
}

function tooLong({ file }: Source, text: string): Violation[] {
  const lines = text.split("\n").length - 1
  return lines > LINE_LIMIT ? [violation(file, LINE_LIMIT + 1, "file-length")] : []
}

function escapes({ file }: Source, text: string): Violation[] {
  if (file === "scripts/house/rules.ts" || file === "scripts/house/rules.test.ts") return []
  return text.split("\n").flatMap((line, index) => (ESCAPE.test(line) ? [violation(file, index + 1, "no-escape")] : []))
}

/** A door is `room/room.ts`, or `main.ts`: it opens with a comment that holds a whole sentence. */
function doorSentence({ file }: Source, text: string): Violation[] {
  const [name, room] = file.split("/").toReversed()
  if (file !== "src/main.ts" && name !== `${room}.ts`) return []
  return /^(#!.*\n)?\/\*\*[^*]*[A-Z][\s\S]*?[.?]\s*\*\//.test(text) ? [] : [violation(file, 1, "door-sentence")]
}

function walk(source: Source, node: ts.Node): Violation[] {
  const rule = ruleBrokenBy(source, node)
  const here = rule === null ? [] : [violation(source.file, lineOf(source, node), rule)]
  const below: Violation[] = []
  node.forEachChild((child) => {
    below.push(...walk(source, child))
  })
  return [...here, ...below]
}

function ruleBrokenBy({ file }: Source, node: ts.Node): Rule | null {
  if (file !== "src/main.ts" && usesProcess(node)) return "process-only-in-main"
  if (!CLOCK_ROOMS.test(file) && usesClock(node)) return "clock-only-in-base"
  if (ts.isEnumDeclaration(node) || ts.isDecorator(node) || ts.isModuleDeclaration(node)) return "erasable-only"
  return null
}

/** `process.env`, `.argv`, `.exit`, whether as a global or imported from node:process. */
function usesProcess(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return /^(node:)?process$/.test(moduleName(node))
  return ts.isPropertyAccessExpression(node) && isNamed(node.expression, "process") && /^(env|argv|exit|exitCode)$/.test(node.name.text)
}

function usesClock(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return /^(node:)?(timers(\/promises)?|perf_hooks)$/.test(moduleName(node))
  if (ts.isNewExpression(node)) return isNamed(node.expression, "Date") && (node.arguments?.length ?? 0) === 0
  if (ts.isPropertyAccessExpression(node)) {
    const { expression, name } = node
    return (isNamed(expression, "Date") && name.text === "now") || (isNamed(expression, "performance") && name.text === "now")
  }
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return false
  return TIMERS.has(node.expression.text) || (node.expression.text === "Date" && node.arguments.length === 0)
}

function isNamed(node: ts.Expression, name: string): boolean {
  if (ts.isIdentifier(node)) return node.text === name
  return ts.isPropertyAccessExpression(node) && isNamed(node.expression, "globalThis") && node.name.text === name
}

function moduleName(node: ts.ImportDeclaration): string {
  return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : ""
}

function lineOf({ tree }: Source, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

function violation(file: string, line: number, rule: Rule): Violation {
  return { file, line, rule, reason: reasons[rule] }
}
