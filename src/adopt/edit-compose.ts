/** The edited compose files of an adoption: services and what they need are spliced in, images pinned, and nothing else changes. Pure. */
import type { ComposeProject } from "../app/app.ts"
import type { WantedImage } from "../app/compose/image-text.ts"
import type { LocalTag } from "../app/compose/pinned.ts"
import { planPins } from "../app/compose/pin-images.ts"
import type { Json } from "../base/canonical-json.ts"
import { isRecord } from "../settings/member-value.ts"
import { notEditable } from "./compose/proof.ts"
import { insertItem, insertMember, removeMember, replaceMember } from "./compose/splice.ts"
import type { Additions } from "./definition.ts"
import { assignmentsOf, declares, definedServices, namesIn, serviceIn, writtenFile, type WrittenFile } from "./written.ts"

export interface FileEdit {
  readonly path: string
  readonly before: string
  readonly after: string
}

export interface ComposeEdits {
  readonly edits: readonly FileEdit[]
  /** Names that the files use without a digest and what they must mean here (`planPins`). */
  readonly tags: readonly LocalTag[]
}

const COMMENT = "Put in by `holdfast adopt`; `holdfast adopt --undo` takes it out again."

/**
 * @param env the `.env` file beside the compose files, where there is one
 * @param wanted service → the image that it is pinned to; of services that the files define
 * @throws ADOPT_NOT_EDITABLE, PIN_REFUSED
 */
export function editCompose(
  project: Pick<ComposeProject, "files" | "projectDirectory">,
  files: readonly WrittenFile[],
  env: { readonly path: string; readonly text: string } | null,
  wanted: Readonly<Record<string, WantedImage>>,
  additions: Additions | null,
): ComposeEdits {
  let now = Object.keys(wanted).reduce((present, service) => withoutBuild(present, service, wanted[service]), files)
  if (additions !== null) now = withAdditions(now, additions)
  const texts = new Map([...now.map(({ path, text }) => [path, text] as const), ...(env === null ? [] : [[env.path, env.text] as const])])
  const pins = planPins(project, texts, wanted)
  for (const { path, after } of pins.edits) texts.set(path, after)
  const before = [...files, ...(env === null ? [] : [env])]
  const edits = before.flatMap(({ path, text }) => {
    const after = texts.get(path) ?? text
    return after === text ? [] : [{ path, before: text, after }]
  })
  return { edits, tags: pins.tags }
}

/** An image that was built here is pulled from now on; the source tree is not needed any more (C114, C140). */
function withoutBuild(files: readonly WrittenFile[], service: string, image: WantedImage | undefined): readonly WrittenFile[] {
  let hasImage = files.some((file) => typeof serviceIn(file, service)?.["image"] === "string")
  return files.map((file) => {
    if (serviceIn(file, service)?.["build"] === undefined) return file
    const place = ["services", service, "build"]
    if (hasImage || image === undefined) return writtenFile(file.path, removeMember(file.text, place))
    hasImage = true
    return writtenFile(file.path, replaceMember(file.text, place, "image", reference(image)))
  })
}

export function reference({ repository, tag, digest }: WantedImage): string {
  return `${repository}${tag === null ? "" : `:${tag}`}@${digest}`
}

function withAdditions(given: readonly WrittenFile[], additions: Additions): readonly WrittenFile[] {
  const { service } = additions.server
  const files = additions.takesPlace ? given.map((file) => withoutServices(file, Object.keys(additions.services))) : given
  const main = files.find((file) => serviceIn(file, service) !== null)
  if (main === undefined) throw notEditable(["services", service], "it is not there")
  const text = [withServices, withSections, withEnvironment, withSecrets, withNetworks].reduce(
    (present, step) => step(writtenFile(main.path, present), others(files, main), additions),
    main.text,
  )
  return files.map((file) => (file === main ? writtenFile(main.path, text) : file))
}

function withoutServices(file: WrittenFile, names: readonly string[]): WrittenFile {
  const defined = names.filter((name) => definedServices([file]).has(name))
  return writtenFile(
    file.path,
    defined.reduce((text, name) => removeMember(text, ["services", name]), file.text),
  )
}

function others(files: readonly WrittenFile[], main: WrittenFile): readonly WrittenFile[] {
  return files.filter((file) => file !== main)
}

function withServices(main: WrittenFile, beside: readonly WrittenFile[], { services }: Additions): string {
  const defined = definedServices([main, ...beside])
  return Object.entries(services)
    .filter(([name]) => !defined.has(name))
    .reduce((text, [name, definition]) => insertMember(text, ["services"], name, definition, { comment: COMMENT }), main.text)
}

function withSections(main: WrittenFile, beside: readonly WrittenFile[], additions: Additions): string {
  const sections = { secrets: additions.secrets, volumes: additions.volumes, networks: additions.networks }
  return Object.entries(sections).reduce((text, [section, members]) => {
    const missing = Object.entries(members).filter(([name]) => !declares([main, ...beside], section, name))
    return missing.reduce((each, [name, value]) => insertMember(each, [section], name, value), text)
  }, main.text)
}

/** Each key once, in whichever of its two forms the environment is written (C136). */
function withEnvironment(main: WrittenFile, beside: readonly WrittenFile[], { server }: Additions): string {
  const present = new Set(assignmentsOf([main, ...beside], server.service).map(({ name }) => name))
  const missing = Object.entries(server.environment).filter(([name]) => !present.has(name))
  const place = ["services", server.service, "environment"]
  const isList = Array.isArray(serviceIn(main, server.service)?.["environment"])
  return missing.reduce(
    (text, [name, value]) => (isList ? insertItem(text, place, `${name}=${value}`) : insertMember(text, place, name, value)),
    main.text,
  )
}

function withSecrets(main: WrittenFile, beside: readonly WrittenFile[], { server }: Additions): string {
  const present = [main, ...beside].flatMap((file) => namesIn(file, server.service, "secrets"))
  const missing = server.secrets.filter((name) => !present.includes(name))
  return missing.reduce((text, name) => insertItem(text, ["services", server.service, "secrets"], name), main.text)
}

/** A service that names no network is in `default`; naming one takes it out of there. */
function withNetworks(main: WrittenFile, beside: readonly WrittenFile[], { server }: Additions): string {
  const place = ["services", server.service, "networks"]
  const present = [main, ...beside].flatMap((file) => namesIn(file, server.service, "networks"))
  const missing = server.networks.filter((name) => !present.includes(name))
  const owed = missing.length > 0 && present.length === 0 ? ["default", ...missing] : missing
  const isMapping = isRecord(serviceIn(main, server.service)?.["networks"])
  return owed.reduce(
    (text, name) => (isMapping ? insertMember(text, place, name, {} satisfies Json) : insertItem(text, place, name)),
    main.text,
  )
}
