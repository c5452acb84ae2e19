import { LineCounter, isAlias, isCollection, isMap, isScalar, isSeq, parseDocument, visit, type Document, type Node, type Pair } from "yaml"
import { HoldfastError } from "../base/errors.ts"
import { counted } from "../base/units.ts"
import { crossReferenceFindings } from "./cross-reference.ts"
import { type Finding, findingsOf, type SettingsProblem } from "./problem.ts"
import { settingsSchema, type SettingsData } from "./schema.ts"

/**
 * Parses the text of a settings file. Every problem is listed with line, column, key, what is wrong and an example.
 * @param file only for messages
 * @throws SETTINGS_INVALID with `details.problems`
 */
export function parseSettings(text: string, file: string): SettingsData {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: true, prettyErrors: false })
  const syntax = document.errors.map((error) => at(lines, error.pos[0], "", syntaxWords(error.code, error.message), null))
  if (syntax.length > 0) throw invalid(file, syntax)
  const root = plain(document)
  const variables = variableFindings(document)
  const parsed = settingsSchema.safeParse(root ?? {}, { reportInput: true })
  const schema = parsed.success ? crossReferenceFindings(parsed.data) : parsed.error.issues.flatMap(findingsOf)
  const problems = [...variables, ...schema].map((finding) => locate(document, lines, finding))
  if (parsed.success && problems.length === 0) return parsed.data
  throw invalid(file, problems)
}

function plain(document: Document): unknown {
  // A small file cannot be made to need more; this stops a "billion laughs" before it fills the memory.
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  return value
}

function syntaxWords(code: string, message: string): string {
  const first = message.split("\n")[0] ?? message
  return code === "DUPLICATE_KEY" ? "this key is written twice in the same mapping" : `is not YAML: ${first}`
}

/** `${VAR}` is not filled in (compose does that, not Holdfast); inside argv arrays it is the called program's own business. */
function variableFindings(document: Document): readonly Finding[] {
  const found: Finding[] = []
  visit(document, {
    Scalar: (key, node, ancestors) => {
      if (key === "key" || typeof node.value !== "string" || !/\$\{\w+[^}]*\}/.test(node.value)) return
      const path = keyPath([...ancestors, node])
      if (path.some((part) => ["argv", "hooks", "run", "dump", "restore", "exclude"].includes(String(part)))) return
      found.push({
        path,
        what: "`${…}` is not filled in here; write the value itself, or `env:NAME` where a secret is expected",
        example: null,
        atKey: false,
      })
    },
  })
  return found
}

function keyPath(chain: readonly (Document | Node | Pair)[]): readonly PropertyKey[] {
  const path: PropertyKey[] = []
  for (const [index, item] of chain.entries()) {
    const parent = chain[index - 1]
    if (isSeq(parent)) path.push(parent.items.indexOf(item))
    if ("key" in item && isScalar(item.key)) path.push(String(item.key.value))
  }
  return path
}

function locate(document: Document, lines: LineCounter, finding: Finding): SettingsProblem {
  const offset = offsetOf(document, finding.path, finding.atKey)
  return at(lines, offset, finding.path.map(String).join("."), finding.what, finding.example)
}

/** Where the value (or key) at a path stands; of a path that is not there, where its nearest parent stands. Aliases are followed. */
function offsetOf(document: Document, path: readonly PropertyKey[], atKey: boolean): number {
  let node: unknown = document.contents
  let offset = rangeStart(node) ?? 0
  for (const [index, part] of path.entries()) {
    const found = child(resolved(node, document), part)
    if (found === null) return offset
    const last = index === path.length - 1
    offset = (last && !atKey ? rangeStart(found.value) : null) ?? rangeStart(found.key) ?? rangeStart(found.value) ?? offset
    node = found.value
  }
  return offset
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function child(node: unknown, part: PropertyKey): { key: unknown; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
    return pair === undefined ? null : { key: pair.key, value: pair.value }
  }
  if (!isSeq(node)) return null
  const value = node.items[Number(part)]
  return value === undefined ? null : { key: null, value }
}

function rangeStart(node: unknown): number | null {
  return isScalar(node) || isCollection(node) || isAlias(node) ? (node.range?.[0] ?? null) : null
}

function at(lines: LineCounter, offset: number, key: string, what: string, example: string | null): SettingsProblem {
  const { line, col } = lines.linePos(offset)
  return { line, column: col, key, what, example }
}

/** `file:line:column: key: what; for example …`, the form of every line of the error. */
export function formatProblem(file: string, problem: SettingsProblem): string {
  const where = `${file}:${problem.line}:${problem.column}`
  const key = problem.key === "" ? "" : `${problem.key}: `
  const example = problem.example === null ? "" : `; for example ${problem.example}`
  return `${where}: ${key}${problem.what}${example}`
}

function invalid(file: string, problems: readonly SettingsProblem[]): HoldfastError {
  const sorted = problems.toSorted((left, right) => left.line - right.line || left.column - right.column)
  return new HoldfastError("SETTINGS_INVALID", {
    what: `${file} has ${sorted.length === 1 ? "a problem" : counted(sorted.length, "problem")}`,
    why: sorted.map((problem) => formatProblem(file, problem)).join("\n"),
    details: { file, problems: sorted },
  })
}
