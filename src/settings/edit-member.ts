/** Puts members into a settings file, or takes them out, and changes nothing else of it: what is written is spliced in where it belongs (design §4). */
import { isDeepStrictEqual } from "node:util"
import { isCollection, isMap, isScalar, parseDocument, type Document, type Pair, type YAMLMap } from "yaml"
import type { Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import { isRecord, withMember, withoutMember } from "./member-value.ts"
import { flowText } from "./flow-text.ts"
import { lostComments } from "./lost-comments.ts"

type Path = readonly string[]

/**
 * Sets a member to a value, in place where it is there: members of a mapping one by one, so that comments between them stay.
 * @param block the value as a block of text of its own instead of our way to write it; taken as it is, indented
 * @throws SETTINGS_INVALID when the file would change in more than this, or a comment would be lost
 */
export function putMember(text: string, path: Path, value: Json, block?: string): string {
  const wanted = withMember(read(text, path).toJS(), path, value)
  return proven(text, write(text, path, value, block), path, wanted, "keeps")
}

/**
 * Takes a member out, and with it a mapping that would be left empty, but for those at `keepAt` or fewer keys from the root.
 * @throws SETTINGS_INVALID when the file would change in more than this
 */
export function removeMember(text: string, path: Path, keepAt = 2): string {
  const document = read(text, path)
  const parent = mapAt(document, path.slice(0, -1))
  if (parent === null || !parent.has(path.at(-1) ?? "")) return text
  if (parent.items.length === 1 && path.length - 1 > keepAt) return removeMember(text, path.slice(0, -1), keepAt)
  const wanted = withoutMember(document.toJS(), path)
  return proven(text, cut(text, parent, path), path, wanted, "may lose")
}

/** The value of a member; undefined where it is not there. Throws SETTINGS_INVALID. */
export function readMember(text: string, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), read(text, path).toJS())
}

function write(text: string, path: Path, value: Json, block: string | undefined): string {
  const document = read(text, path)
  const parent = mapAt(document, path.slice(0, -1))
  const key = path.at(-1) ?? ""
  if (parent === null) return write(text, path.slice(0, -1), { [key]: value }, undefined)
  const pair = pairOf(parent, key)
  if (pair === undefined) return insert(text, parent, key, value, block)
  if (isMap(pair.value) && isRecord(value) && block === undefined) return writeMembers(text, path, pair.value, value)
  return replace(text, pair, value, path)
}

function writeMembers(text: string, path: Path, present: YAMLMap, value: { readonly [name: string]: Json | undefined }): string {
  let edited = text
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue
    const same = isDeepStrictEqual(read(edited, path).getIn([...path, name]) ?? undefined, member)
    if (!same) edited = write(edited, [...path, name], member, undefined)
  }
  for (const { key } of present.items) {
    const name = String(isScalar(key) ? key.value : key)
    if (!(name in value)) edited = removeMember(edited, [...path, name], path.length)
  }
  return edited
}

function replace(text: string, pair: Pair, value: Json, path: Path): string {
  const node = pair.value
  if ((!isScalar(node) && !isCollection(node)) || node.range === undefined || node.range === null)
    throw refused(path, "it is written in a way that cannot be replaced")
  if (node.anchor !== undefined) throw refused(path, `other places use it by its anchor &${node.anchor}`)
  const [start, end] = node.range
  const kept = text.slice(0, start)
  const written = flowText(value)
  // A value of several lines begins on a line of its own; ours stands behind the key.
  const before = isCollection(node) && node.flow !== true ? kept.replace(/\s+$/, " ") : kept
  const trailing = /\s*$/.exec(text.slice(start, end))?.[0] ?? ""
  return `${before}${written}${trailing}${text.slice(end)}`
}

function insert(text: string, parent: YAMLMap, key: string, value: Json, block: string | undefined): string {
  if (parent.flow === true) return insertIntoFlow(text, parent, key, value, block)
  const last = parent.items.at(-1)
  const first = startOf(parent.items[0])
  if (last === undefined || first === null) throw refused([key], "there is no place for it")
  const indent = " ".repeat(first - (text.lastIndexOf("\n", first - 1) + 1))
  const at = endOfLine(text, trimmedEnd(text, endOf(last) ?? first))
  return `${text.slice(0, at)}\n${lines(indent, key, value, block)}${text.slice(at)}`
}

/** An empty `{}` that stands for a whole section becomes a block; one with members gets another. */
function insertIntoFlow(text: string, parent: YAMLMap, key: string, value: Json, block: string | undefined): string {
  const [start, end] = parent.range ?? [0, 0]
  if (parent.items.length === 0) {
    const lineStart = text.lastIndexOf("\n", start - 1) + 1
    const indent = `${/^\s*/.exec(text.slice(lineStart))?.[0] ?? ""}  `
    const aloneOnLine = /^\s*(#.*)?(\n|$)/.test(text.slice(end))
    if (aloneOnLine && block !== undefined) {
      const at = endOfLine(text, end)
      return `${text.slice(0, start).replace(/ +$/, "")}${text.slice(end, at)}\n${lines(indent, key, value, block)}${text.slice(at)}`
    }
    return `${text.slice(0, start)}{ ${key}: ${flowText(value)} }${text.slice(end)}`
  }
  const at = trimmedEnd(text, endOf(parent.items.at(-1)) ?? end - 1)
  return `${text.slice(0, at)}, ${key}: ${flowText(value)}${text.slice(at)}`
}

function lines(indent: string, key: string, value: Json, block: string | undefined): string {
  if (block === undefined) return `${indent}${key}: ${flowText(value)}`
  const body = block
    .replace(/\s+$/, "")
    .split("\n")
    .map((line) => (line === "" ? "" : `${indent}  ${line}`))
  return [`${indent}${key}:`, ...body].join("\n")
}

function cut(text: string, parent: YAMLMap, path: Path): string {
  const index = parent.items.findIndex(({ key }) => isScalar(key) && key.value === path.at(-1))
  const pair = parent.items[index]
  const start = startOf(pair)
  const end = trimmedEnd(text, endOf(pair) ?? 0)
  if (start === null) throw refused(path, "it cannot be found")
  if (parent.flow === true) {
    const next = startOf(parent.items[index + 1])
    if (next !== null) return text.slice(0, start) + text.slice(next)
    const before = endOf(parent.items[index - 1])
    return before === null ? text.slice(0, start) + text.slice(end) : text.slice(0, before) + text.slice(end)
  }
  const lineStart = text.lastIndexOf("\n", start - 1) + 1
  return text.slice(0, lineStart) + text.slice(Math.min(text.length, endOfLine(text, end) + 1))
}

function proven(before: string, after: string, path: Path, wanted: unknown, comments: "keeps" | "may lose"): string {
  const document = parseDocument(after, { merge: true, uniqueKeys: true })
  if (document.errors.length > 0 || !isDeepStrictEqual(document.toJS({ maxAliasCount: 100 }), wanted))
    throw refused(path, "it would change more than this")
  if (comments === "keeps" && lostComments(before, after).length > 0) throw refused(path, "a comment would be lost")
  return after
}

function read(text: string, path: Path): Document {
  const document = parseDocument(text, { merge: true, uniqueKeys: true })
  if (document.errors.length > 0) throw refused(path, "the file is not YAML")
  return document
}

function mapAt(document: Document, path: Path): YAMLMap | null {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  return isMap(node) ? node : null
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function startOf(pair: Pair | undefined): number | null {
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? null) : null
}

function endOf(pair: Pair | undefined): number | null {
  const node = pair?.value
  if (isScalar(node) || isCollection(node)) return node.range?.[1] ?? null
  return isScalar(pair?.key) ? (pair.key.range?.[1] ?? null) : null
}

/** Where the last of it stands, without lines that follow. */
function trimmedEnd(text: string, end: number): number {
  return text.slice(0, end).trimEnd().length
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf("\n", from)
  return at === -1 ? text.length : at
}

function refused(path: Path, why: string): HoldfastError {
  return new HoldfastError("SETTINGS_INVALID", { what: `cannot change ${path.join(".")} in place`, why, hint: "Change it in an editor." })
}
