/** Changes one value of a settings file and not one other byte: splice at the node's range, parse again, prove that only that value changed (design §4). */
import { isDeepStrictEqual } from "node:util"
import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Scalar } from "yaml"
import { HoldfastError } from "../base/errors.ts"

export type EditedValue = string | number | boolean | null

/**
 * @param path keys from the root to a scalar that is there
 * @returns the whole new text
 * @throws SETTINGS_INVALID when the value is not a plain scalar of its own (an alias, an anchor that others use, a mapping), or when more than it would change
 */
export function editValue(text: string, path: readonly (string | number)[], value: EditedValue): string {
  const document = parseDocument(text, { merge: true, uniqueKeys: true })
  if (document.errors.length > 0) throw refused(path, "the file is not YAML")
  const node = scalarAt(document, path)
  const [start, end] = node.range ?? [0, 0]
  for (const written of candidates(node, value, text.slice(start, end))) {
    const edited = text.slice(0, start) + written + text.slice(end)
    if (onlyThisChanged(document, edited, path, value)) return edited
  }
  throw refused(path, "it would change more than this value")
}

function scalarAt(document: Document, path: readonly (string | number)[]): Scalar {
  let node: unknown = document.contents
  for (const key of path) {
    if (isAlias(node)) throw refused(path, `it comes from the alias *${node.source}`)
    node = isMap(node) || isSeq(node) ? node.get(key, true) : undefined
  }
  if (isAlias(node)) throw refused(path, `it is the alias *${node.source}; change the value at its anchor`)
  if (!isScalar(node) || node.range === undefined || node.range === null)
    throw refused(path, isCollection(node) ? "it is not a single value" : "it is not there")
  if (node.anchor !== undefined) throw refused(path, `other places use it by its anchor &${node.anchor}`)
  if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") throw refused(path, "it is a block of several lines")
  return node
}

/** Ways to write a value, the one nearest to what is there first; the proof decides which can stand at this place. */
function candidates(node: Scalar, value: EditedValue, present: string): readonly string[] {
  if (typeof value !== "string") return [String(value)]
  const double = JSON.stringify(value)
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll("\u0085", "\\u0085")
    .replaceAll("\uFEFF", "\\uFEFF")
  const single = `'${value.replaceAll("'", "''")}'`
  const plain = /[\n\r]/.test(value) || value !== value.trim() ? [] : [value]
  if (present.startsWith("'")) return [...(/[\n\r]/.test(value) ? [] : [single]), double]
  return node.type === "PLAIN" ? [...plain, double] : [double]
}

function onlyThisChanged(before: Document, edited: string, path: readonly (string | number)[], value: EditedValue): boolean {
  const after = parseDocument(edited, { merge: true, uniqueKeys: true })
  if (after.errors.length > 0) return false
  const wanted: unknown = withValue(before.toJS({ maxAliasCount: 100 }), path, value)
  return isDeepStrictEqual(after.toJS({ maxAliasCount: 100 }), wanted) && commentsOf(before).join("\n") === commentsOf(after).join("\n")
}

function withValue(root: unknown, path: readonly (string | number)[], value: EditedValue): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(root)) return root.map((item: unknown, index) => (index === key ? withValue(item, rest, value) : item))
  if (typeof root !== "object" || root === null) return root
  return Object.fromEntries(
    Object.entries(root).map(([name, member]: [string, unknown]) => [name, name === String(key) ? withValue(member, rest, value) : member]),
  )
}

/** A `#` in the new value must not have become a comment, nor have swallowed one. */
function commentsOf(document: Document): readonly string[] {
  const found: string[] = [document.commentBefore ?? "", document.comment ?? ""]
  const walk = (node: unknown): void => {
    for (const pair of isMap(node) ? node.items : []) {
      walk(pair.key)
      walk(pair.value)
    }
    if (isSeq(node)) for (const item of node.items) walk(item)
    if (isScalar(node) || isCollection(node)) found.push(...commentsAt(node))
  }
  walk(document.contents)
  return found
}

function commentsAt(node: Node): readonly string[] {
  return [node.commentBefore ?? "", node.comment ?? ""]
}

function refused(path: readonly (string | number)[], why: string): HoldfastError {
  return new HoldfastError("SETTINGS_INVALID", { what: `cannot change ${path.join(".")} in place`, why, hint: "Change it in an editor." })
}
