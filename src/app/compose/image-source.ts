/** Where compose takes the image of a service from: the last file that says it, through aliases, merge keys and `extends`. */
import { dirname, resolve } from "node:path"
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, type YAMLMap } from "yaml"
import { HoldfastError, messageOf } from "../../base/errors.ts"

export interface ComposeText {
  readonly path: string
  readonly text: string
  readonly document: Document
  /** The same as plain values, aliases and merge keys followed. */
  readonly value: unknown
}

export interface ImageSource {
  readonly file: ComposeText
  /** The text itself, at its anchor where other places use it. */
  readonly scalar: Scalar<string>
}

/** Compose files that count, in order, and others that these may extend. */
export interface ComposeTexts {
  readonly files: readonly ComposeText[]
  readonly others: ReadonlyMap<string, ComposeText>
}

/** What the files say about a service's image. */
export type FoundImage =
  | { readonly kind: "image"; readonly source: ImageSource; readonly builds: boolean }
  /** There is the service, but no text that could be edited: it is built, or its image is written elsewhere. */
  | { readonly kind: "elsewhere"; readonly why: string; readonly builds: boolean }
  | { readonly kind: "absent" }

/** Compose's own tags: what an earlier file said does not count any more. */
const RESET = "!reset"
const OVERRIDE = "!override"

/** @throws COMPOSE_INVALID when a text is not YAML */
export function readComposeText(path: string, text: string): ComposeText {
  const document = parseDocument(text, { merge: true, uniqueKeys: true, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined)
    throw new HoldfastError("COMPOSE_INVALID", { what: `${path} is not YAML`, why: error.message.split("\n")[0] ?? "" })
  return { path, text, document, value: valueOf(path, document) }
}

/** A file cannot be made to need more; this stops a "billion laughs" before it fills the memory. */
function valueOf(path: string, document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return value
  } catch (cause) {
    throw new HoldfastError("COMPOSE_INVALID", { what: `${path} cannot be read`, why: messageOf(cause), cause })
  }
}

/** Names of the services that the files declare. */
export function servicesOf(file: ComposeText): readonly string[] {
  return membersOf(servicesNode(file)).map(([name]) => name)
}

export function findImage(texts: ComposeTexts, service: string): FoundImage {
  let found: FoundImage = { kind: "absent" }
  for (const file of texts.files) found = combined(found, saidIn(texts, file, service, []))
  return found
}

/** What one file says, itself or through what it extends. */
interface Said {
  readonly there: boolean
  readonly image: ImageSource | "nowhere" | "taken back" | { readonly why: string }
  readonly build: "yes" | "taken back" | "not said"
  readonly replaces: boolean
}

const NOTHING: Said = { there: false, image: "nowhere", build: "not said", replaces: false }

function combined(before: FoundImage, said: Said): FoundImage {
  if (!said.there) return before
  const earlier = said.replaces || before.kind === "absent" ? null : before
  const builds = said.build === "not said" ? (earlier?.builds ?? false) : said.build === "yes"
  if (said.image === "nowhere") return earlier === null ? { kind: "elsewhere", why: NO_IMAGE, builds } : { ...earlier, builds }
  if (said.image === "taken back") return { kind: "elsewhere", why: NO_IMAGE, builds }
  return "why" in said.image ? { kind: "elsewhere", why: said.image.why, builds } : { kind: "image", source: said.image, builds }
}

const NO_IMAGE = "no compose file gives it an image"

function saidIn(texts: ComposeTexts, file: ComposeText, service: string, on: readonly string[]): Said {
  const written = member(file, servicesNode(file), service)
  const node = resolved(file, written)
  if (written === undefined || !isMap(node)) return { ...NOTHING, there: written !== undefined }
  const base = extended(texts, file, node, [...on, `${file.path}\n${service}`])
  const image = imageOf(file, member(file, node, "image"))
  const build = buildOf(member(file, node, "build"))
  return {
    there: true,
    image: image === "nowhere" ? base.image : image,
    build: build === "not said" ? base.build : build,
    replaces: node.tag === OVERRIDE,
  }
}

function imageOf(file: ComposeText, written: Node | undefined): Said["image"] {
  if (written === undefined) return "nowhere"
  if (written.tag === RESET) return "taken back"
  const node = resolved(file, written)
  return isText(node) ? { file, scalar: node } : { why: `its image in ${file.path} is not a text` }
}

function buildOf(written: Node | undefined): Said["build"] {
  if (written === undefined) return "not said"
  return written.tag === RESET || (isScalar(written) && written.value === null) ? "taken back" : "yes"
}

function extended(texts: ComposeTexts, file: ComposeText, node: YAMLMap, on: readonly string[]): Said {
  const written = resolved(file, member(file, node, "extends"))
  if (written === undefined) return NOTHING
  const named = isMap(written) ? resolved(file, member(file, written, "service")) : written
  const place = isMap(written) ? resolved(file, member(file, written, "file")) : undefined
  if (!isText(named) || (place !== undefined && !isText(place)))
    return { ...NOTHING, image: { why: `what it extends in ${file.path} is not a name` } }
  const path = place === undefined ? file.path : resolve(dirname(file.path), place.value)
  const base = path === file.path ? file : (texts.others.get(path) ?? texts.files.find((each) => each.path === path))
  if (base === undefined)
    return { ...NOTHING, image: { why: `it extends ${named.value} of ${path}, which is not one of the compose files` } }
  if (on.includes(`${path}\n${named.value}`)) return { ...NOTHING, image: { why: "it extends itself" } }
  return saidIn(texts, base, named.value, on)
}

/** Whether something that is not among the texts may use variables of `.env` or define services. */
export function reachesElsewhere({ files, others }: ComposeTexts): boolean {
  return files.some((file) => {
    if (member(file, asMap(file.document.contents), "include") !== undefined) return true
    return extendedFilesOf(file).some((place) => {
      const path = resolve(dirname(file.path), place)
      return !others.has(path) && !files.some((one) => one.path === path)
    })
  })
}

/** Files that services extend, as they are written. */
export function extendedFilesOf(file: ComposeText): readonly string[] {
  return membersOf(servicesNode(file)).flatMap(([, service]) => {
    const base = asMap(resolved(file, member(file, asMap(resolved(file, service)), "extends")))
    const place = resolved(file, member(file, base, "file"))
    return isText(place) ? [place.value] : []
  })
}

function servicesNode(file: ComposeText): YAMLMap | undefined {
  return asMap(resolved(file, member(file, asMap(file.document.contents), "services")))
}

function asMap(node: unknown): YAMLMap | undefined {
  return isMap(node) ? node : undefined
}

/** A member of a mapping: its own, else that of what is merged into it. */
function member(file: ComposeText, map: YAMLMap | undefined, key: string): Node | undefined {
  if (map === undefined) return undefined
  const own = membersOf(map).find(([name]) => name === key)
  if (own !== undefined) return own[1]
  const merged = map.items.filter((pair) => isMergeKey(pair.key)).map((pair) => resolved(file, pair.value))
  for (const source of merged.flatMap((node) => (isSeq(node) ? node.items.map((item) => resolved(file, item)) : [node]))) {
    const found = member(file, asMap(source), key)
    if (found !== undefined) return found
  }
  return undefined
}

function membersOf(map: YAMLMap | undefined): readonly (readonly [string, Node])[] {
  return (map?.items ?? []).flatMap(({ key, value }) =>
    isScalar(key) && !isMergeKey(key) && isNode(value) ? [[String(key.value), value] as const] : [],
  )
}

/** The parser gives the merge key a symbol for its value. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (key.value === "<<" || (typeof key.value === "symbol" && key.value.description === "<<"))
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
}

function isText(node: unknown): node is Scalar<string> {
  return isScalar(node) && typeof node.value === "string"
}

function resolved(file: ComposeText, node: unknown): Node | undefined {
  const found = isAlias(node) ? node.resolve(file.document) : node
  return isNode(found) ? found : undefined
}
