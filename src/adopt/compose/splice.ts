/** Splices into compose files: each puts in, takes out or changes one thing and leaves every other byte as it is, and proves it. */
import { isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml"
import type { Json } from "../../base/canonical-json.ts"
import { flowText } from "../../settings/flow-text.ts"
import { isRecord, withMember, withoutMember } from "../../settings/member-value.ts"
import { memberLines } from "./block-text.ts"
import { meaning, notEditable, proven, readCompose, type Place } from "./proof.ts"

/**
 * Puts a member into the mapping at `place`, behind what is there; a mapping that is missing or empty is made.
 * @param options.comment a line above it, without `#`
 * @throws ADOPT_NOT_EDITABLE where the file is written in a way that cannot be followed
 */
export function insertMember(text: string, place: Place, key: string, value: Json, options: { comment?: string } = {}): string {
  const wanted = withMember(meaning(readCompose(text, place)), [...place, key], value)
  return proven({ before: text, after: withInserted(text, place, key, value, options.comment) }, wanted, [...place, key])
}

/** Puts an item behind those of the list at `place`; a list that is missing is made. Throws ADOPT_NOT_EDITABLE. */
export function insertItem(text: string, place: Place, value: Json): string {
  const document = readCompose(text, place)
  const before = meaning(document)
  const items = valueAt(before, place)
  const present: readonly unknown[] = Array.isArray(items) ? items : []
  const wanted = withMember(before, place, [...present, value])
  const node: unknown = document.getIn(place, true)
  const after = isSeq(node) ? withItem(text, node, value, place) : withInserted(text, place.slice(0, -1), place.at(-1) ?? "", [value])
  return proven({ before: text, after }, wanted, place)
}

/** Gives the single value at `place` another text. Throws ADOPT_NOT_EDITABLE when it is not a single value of its own. */
export function replaceValue(text: string, place: Place, value: string): string {
  const document = readCompose(text, place)
  const node: unknown = document.getIn(place, true)
  if (!isScalar(node) || node.range === undefined || node.range === null || node.anchor !== undefined)
    throw notEditable(place, isAlias(node) ? `it comes from the alias *${node.source}` : "it is not a single value of its own")
  const [start, end] = node.range
  const after = text.slice(0, start) + flowText(value) + text.slice(end)
  return proven({ before: text, after }, withMember(meaning(document), place, value), place)
}

/** Writes another member where this one stands; what is inside of it goes, comments included. Throws ADOPT_NOT_EDITABLE. */
export function replaceMember(text: string, place: Place, key: string, value: Json): string {
  const { document, parent, index } = find(text, place)
  const pair = parent.items[index]
  const [start, end] = [startOf(pair, place), lineEndOf(text, pair, parent)]
  const after = `${text.slice(0, start)}${flowText(key)}: ${flowText(value)}${text.slice(end)}`
  const wanted = renamed(meaning(document), place, key, value)
  return proven({ before: text, after }, wanted, place, text.slice(start, end))
}

/** Takes a member out, with its lines. Throws ADOPT_NOT_EDITABLE, also where nothing would be left of its mapping. */
export function removeMember(text: string, place: Place): string {
  const { document, parent, index } = find(text, place)
  if (parent.items.length === 1) throw notEditable(place, "nothing would be left beside it")
  const pair = parent.items[index]
  const start = startOf(pair, place)
  const wanted = withoutMember(meaning(document), place)
  const [from, to] = parent.flow === true ? flowSpan(text, parent, index, place) : lineSpan(text, start, lineEndOf(text, pair, parent))
  return proven({ before: text, after: text.slice(0, from) + text.slice(to) }, wanted, place, text.slice(from, to))
}

/** How far one level of this file is indented. */
export function indentStep(text: string): string {
  const document = readCompose(text, ["services"])
  const services: unknown = document.get("services", true)
  const first = isMap(services) && services.flow !== true ? services.items[0] : undefined
  const column = first === undefined ? 0 : columnAt(text, startOf(first, ["services"]))
  return " ".repeat(column === 0 ? 2 : column)
}

function withInserted(text: string, place: Place, key: string, value: Json, comment?: string): string {
  const document = readCompose(text, place)
  const node: unknown = place.length === 0 ? document.contents : document.getIn(place, true)
  if (isAlias(node)) throw notEditable(place, `it comes from the alias *${node.source}`)
  if (isMap(node))
    return node.flow === true ? intoFlow(text, node, `${flowText(key)}: ${flowText(value)}`) : intoBlock(text, node, key, value, comment)
  if (isSeq(node) || (isScalar(node) && node.value !== null)) throw notEditable(place, "it is not a mapping")
  const parent: unknown = place.length <= 1 ? document.contents : document.getIn(place.slice(0, -1), true)
  const own = place.at(-1)
  if (own === undefined) throw notEditable(place, "the file is empty")
  const pair = isMap(parent) ? pairOf(parent, own) : undefined
  if (pair === undefined) return withInserted(text, place.slice(0, -1), own, { [key]: value }, comment)
  return underBareKey(text, pair, memberLinesAt(text, pair, key, value, comment))
}

/** `volumes:` with nothing behind it: what it holds comes on the next line. */
function underBareKey(text: string, pair: Pair, lines: readonly string[]): string {
  const end = endOfLine(text, keyEnd(pair))
  return joined(text, end, lines)
}

function memberLinesAt(text: string, pair: Pair, key: string, value: Json, comment?: string): readonly string[] {
  const step = indentStep(text)
  const indent = " ".repeat(columnAt(text, startOf(pair, [key]))) + step
  return [...(comment === undefined ? [] : [`${indent}# ${comment}`]), ...memberLines(key, value, indent, step)]
}

function intoBlock(text: string, parent: YAMLMap, key: string, value: Json, comment?: string): string {
  const [first, last] = [parent.items[0], parent.items.at(-1)]
  if (first === undefined || last === undefined) throw notEditable([key], "there is no place for it")
  const column = columnAt(text, startOf(first, [key]))
  const indent = " ".repeat(column)
  const lines = [...(comment === undefined ? [] : [`${indent}# ${comment}`]), ...memberLines(key, value, indent, indentStep(text))]
  const end = behindComments(text, endOfLine(text, trimmedEnd(text, endOf(last))), column)
  return joined(text, end, separates(text, parent) ? ["", ...lines] : lines)
}

/** Whether the file leaves an empty line between the members of this mapping. */
function separates(text: string, parent: YAMLMap): boolean {
  const [last, before] = [parent.items.at(-1), parent.items.at(-2)]
  if (last === undefined || before === undefined) return false
  return /\n[ \t\r]*\n/.test(text.slice(trimmedEnd(text, endOf(before)), startOf(last, [])))
}

function withItem(text: string, list: YAMLSeq, value: Json, place: Place): string {
  if (list.anchor !== undefined) throw notEditable(place, `other places use it by its anchor &${list.anchor}`)
  if (list.flow === true) return intoFlow(text, list, flowText(value))
  const [first, last] = [nodeOf(list.items[0]), nodeOf(list.items.at(-1))]
  const start = first?.range?.[0]
  const end = last?.range?.[1]
  if (start === undefined || end === undefined) throw notEditable(place, "there is no place for it")
  const dash = text.lastIndexOf("-", start - 1)
  const column = columnAt(text, dash)
  const at = behindComments(text, endOfLine(text, trimmedEnd(text, end)), column)
  return joined(text, at, [`${" ".repeat(column)}- ${flowText(value)}`])
}

function intoFlow(text: string, collection: YAMLMap | YAMLSeq, written: string): string {
  const [start, end] = collection.range ?? [0, 0]
  const last = collection.items.at(-1)
  if (last === undefined) {
    const inside = isMap(collection) ? `{ ${written} }` : `[${written}]`
    return text.slice(0, start) + inside + text.slice(end)
  }
  const lastEnd = isMap(collection) ? endOfPairIn(collection) : (nodeOf(last)?.range?.[1] ?? end - 1)
  const at = trimmedEnd(text, lastEnd)
  return `${text.slice(0, at)}, ${written}${text.slice(at)}`
}

function endOfPairIn(map: YAMLMap): number {
  const last = map.items.at(-1)
  return last === undefined ? 0 : endOf(last)
}

/** Comments below the last entry that are indented like it, or deeper, belong to what is above them. */
function behindComments(text: string, lineEnd: number, column: number): number {
  let [at, end] = [lineEnd, lineEnd]
  while (at < text.length) {
    const next = endOfLine(text, at + 1)
    const line = text.slice(at + 1, next)
    const comment = /^( *)#/.exec(line)
    if (comment !== null && (comment[1] ?? "").length >= column && column > 0) end = next
    else if (line.trim() !== "") break
    at = next
  }
  return end
}

/** Lines put in behind the line that ends at `end`, with the file's own line ends. */
function joined(text: string, end: number, lines: readonly string[]): string {
  const eol = /\r\n/.test(text) ? "\r\n" : "\n"
  const at = text[end - 1] === "\r" ? end - 1 : end
  return text.slice(0, at) + lines.map((line) => eol + line).join("") + text.slice(at)
}

interface Found {
  readonly document: ReturnType<typeof readCompose>
  readonly parent: YAMLMap
  readonly index: number
}

function find(text: string, place: Place): Found {
  const document = readCompose(text, place)
  const parent: unknown = document.getIn(place.slice(0, -1), true)
  if (!isMap(parent)) throw notEditable(place, isAlias(parent) ? `it comes from the alias *${parent.source}` : "it is not there")
  const index = parent.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === place.at(-1))
  if (index < 0) throw notEditable(place, "it is not there")
  return { document, parent, index }
}

function flowSpan(text: string, parent: YAMLMap, index: number, place: Place): readonly [number, number] {
  const [pair, next, before] = [parent.items[index], parent.items[index + 1], parent.items[index - 1]]
  const start = startOf(pair, place)
  if (next !== undefined) return [start, startOf(next, place)]
  const end = pair === undefined ? start : trimmedEnd(text, endOf(pair))
  return [before === undefined ? start : trimmedEnd(text, endOf(before)), end]
}

function lineSpan(text: string, start: number, end: number): readonly [number, number] {
  return [text.lastIndexOf("\n", start - 1) + 1, Math.min(text.length, endOfLine(text, end) + 1)]
}

/** The end of a member: in a block that of its last line, with a comment behind it; in a flow that of its value. */
function lineEndOf(text: string, pair: Pair | undefined, parent: YAMLMap): number {
  const end = pair === undefined ? 0 : trimmedEnd(text, Math.max(endOf(pair), keyEnd(pair)))
  if (parent.flow === true) return end
  const lineEnd = endOfLine(text, end)
  return text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd
}

function renamed(root: unknown, place: Place, key: string, value: Json): unknown {
  const parent = place.slice(0, -1)
  const members = valueAt(root, parent)
  if (!isRecord(members)) return root
  const others = withoutMember(members, [place.at(-1) ?? ""])
  return withMember(root, parent, { ...(isRecord(others) ? others : {}), [key]: value })
}

function valueAt(root: unknown, place: Place): unknown {
  return place.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), root)
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function startOf(pair: Pair | undefined, place: Place): number {
  const start = isScalar(pair?.key) ? pair.key.range?.[0] : undefined
  if (start === undefined) throw notEditable(place, "it is written in a way that cannot be followed")
  return start
}

function keyEnd(pair: Pair): number {
  return isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0
}

function endOf(pair: Pair): number {
  return nodeOf(pair.value)?.range?.[1] ?? keyEnd(pair)
}

function nodeOf(value: unknown): Node | null {
  return isScalar(value) || isCollection(value) || isAlias(value) ? value : null
}

function columnAt(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1)
}

function trimmedEnd(text: string, end: number): number {
  return text.slice(0, end).trimEnd().length
}

function endOfLine(text: string, from: number): number {
  const found = text.indexOf("\n", from)
  return found === -1 ? text.length : found
}
