import { HoldfastError } from "../../base/errors.ts"
import { interpolate, type Reference, referencesIn, type Variables } from "../interpolate.ts"

/** What an image is moved to. */
export interface WantedImage {
  /** `registry.example/chat/server`, without tag and digest. */
  readonly repository: string
  readonly digest: string
  /** Kept for people; what runs is the digest. */
  readonly tag: string | null
}

/** The text of an `image:` as it is written, variables unfilled, in its three places. */
export interface ImageTemplate {
  readonly repository: string
  readonly tag: string | null
  readonly digest: string | null
  /** The one variable that stands for the whole image; null where there is more than that. */
  readonly whole: Reference | null
}

const SEGMENT = String.raw`[a-z0-9]+(?:[._-]+[a-z0-9]+)*`
const REGISTRY = String.raw`[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]{1,5})?`
const REPOSITORY = new RegExp(`^(?:${REGISTRY}/)?${SEGMENT}(?:/${SEGMENT})*$`)
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
const MAX_REPOSITORY_CHARACTERS = 255

/** What is written into files is checked whole, so that no line end and no variable comes in with it. Throws PIN_REFUSED. */
export function assertWanted(service: string, { repository, digest, tag }: WantedImage): void {
  const wrong = [
    ...(REPOSITORY.test(repository) && repository.length <= MAX_REPOSITORY_CHARACTERS
      ? []
      : [`${JSON.stringify(repository)} is no repository`]),
    ...(DIGEST.test(digest) ? [] : [`${JSON.stringify(digest)} is no digest`]),
    ...(tag === null || TAG.test(tag) ? [] : [`${JSON.stringify(tag)} is no tag`]),
  ]
  if (wrong.length === 0) return
  throw new HoldfastError("PIN_REFUSED", {
    what: `the release names no usable image for ${service}`,
    why: wrong.join("; "),
    hint: "Nothing was changed. Ask the vendor: a release names a repository, a digest and perhaps a tag.",
  })
}

export function imageTemplate(text: string): ImageTemplate {
  const references = referencesIn(text)
  const outside = (index: number): boolean => !references.some(({ start, end }) => index >= start && index < end)
  const at = lastOutside(text, "@", text.length, outside)
  const named = at < 0 ? text : text.slice(0, at)
  const colon = lastOutside(named, ":", named.length, outside)
  const slash = lastOutside(named, "/", named.length, outside)
  const [only] = references
  return {
    repository: colon > slash ? named.slice(0, colon) : named,
    tag: colon > slash ? named.slice(colon + 1) : null,
    digest: at < 0 ? null : text.slice(at + 1),
    whole: only?.start === 0 && only.end === text.length ? only : null,
  }
}

function lastOutside(text: string, sign: string, from: number, outside: (index: number) => boolean): number {
  let at = text.lastIndexOf(sign, from)
  while (at >= 0 && !outside(at)) at = at === 0 ? -1 : text.lastIndexOf(sign, at - 1)
  return at
}

/** The whole name, `repository[:tag]@digest`, with the repository as it is written now where that is the same one. */
export function pinnedText(written: ImageTemplate | null, wanted: WantedImage, lookUp: Variables): string {
  const keeps = written !== null && written.whole === null && isSameRepository(interpolate(written.repository, lookUp), wanted.repository)
  const repository = keeps ? written.repository : wanted.repository
  return `${repository}${wanted.tag === null ? "" : `:${wanted.tag}`}@${wanted.digest}`
}

/** `postgres` and `docker.io/library/postgres` are one repository. */
export function isSameRepository(left: string, right: string): boolean {
  return fullName(left) === fullName(right)
}

function fullName(repository: string): string {
  const [first = "", ...rest] = repository.split("/")
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const [registry, path] = hasRegistry ? [first, rest] : ["docker.io", [first, ...rest]]
  if (registry !== "docker.io" && registry !== "index.docker.io") return `${registry}/${path.join("/")}`
  return `docker.io/${path.length === 1 ? "library/" : ""}${path.join("/")}`
}
