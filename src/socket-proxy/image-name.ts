import type { Policy } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"

const SEGMENT = String.raw`[a-z0-9]+(?:[._-]+[a-z0-9]+)*`
const REGISTRY = String.raw`[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d{1,5})?`
const TAG = String.raw`\w[\w.-]{0,127}`
const DIGEST = String.raw`sha256:[0-9a-f]{64}`
const REFERENCE = new RegExp(`^((?:${REGISTRY}/)?${SEGMENT}(?:/${SEGMENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`)
const IMAGE_ID = /^(sha256:)?[0-9a-f]{64}$/

/** What may follow `/images/` in an address. */
export const IMAGE_PATH = String.raw`[\w.:@/-]+`

export interface ImageName {
  /** Null for an image that is named by its id. */
  readonly repository: string | null
  readonly tag: string | null
  readonly digest: string | null
}

/** Takes an image's name apart. Throws a Refusal for what is none. */
export function readImageName(text: string): ImageName {
  const name = imageNameIn(text)
  if (name === null) throw new Refusal(`${quoted(text)} is not the name of an image`, 400)
  return name
}

/** The same, and null for what is none. */
export function imageNameIn(text: string): ImageName | null {
  if (IMAGE_ID.test(text)) return { repository: null, tag: null, digest: null }
  const [, repository, tag, digest] = REFERENCE.exec(text) ?? []
  return repository === undefined ? null : { repository: fullName(repository), tag: tag ?? null, digest: digest ?? null }
}

/** `postgres` and `docker.io/library/postgres` are one repository. */
export function fullName(repository: string): string {
  const [first = "", ...rest] = repository.split("/")
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const [registry, path] = hasRegistry ? [first, rest] : ["docker.io", [first, ...rest]]
  if (registry !== "docker.io" && registry !== "index.docker.io") return `${registry}/${path.join("/")}`
  return `docker.io/${path.length === 1 ? "library/" : ""}${path.join("/")}`
}

/** Throws a Refusal unless containers may be made of this image. */
export function assertUsable(text: string, policy: Policy): void {
  const { repository } = readImageName(text)
  if (policy.repositories !== null && !isListed(repository, policy.repositories)) throw notListed(text)
}

/** Whether only the image's names, which the engine knows, can tell if containers may be made of it: it is called by its id. */
export function needsItsNames(text: string, policy: Policy): boolean {
  return policy.repositories !== null && readImageName(text).repository === null
}

/** Throws a Refusal unless one of the image's names is of an allowed repository. */
export function assertNamedUsably(text: string, names: readonly string[], { repositories }: Policy): void {
  if (repositories === null || names.some((name) => isListed(imageNameIn(name)?.repository ?? null, repositories))) return
  throw notListed(text)
}

/** Throws a Refusal unless the image's names are this proxy's to change. */
export function assertChangeable(text: string, policy: Policy): void {
  const { repository } = readImageName(text)
  if (policy.repositories === null || !isListed(repository, policy.repositories)) throw notListed(text)
}

/** Throws a Refusal unless this may be pulled. */
export function assertPullable(text: string, policy: Policy): void {
  const { repository, digest } = readImageName(text)
  if (repository === null) throw new Refusal("an image is pulled by its name", 400)
  assertUsable(text, policy)
  if (policy.digestsOnly && digest === null) throw new Refusal(`${quoted(text)} is not pinned to a digest`)
}

/** Whether one of an image's names is of an allowed repository. */
export function isListed(repository: string | null, repositories: readonly string[]): boolean {
  return repository !== null && repositories.some((each) => fullName(each) === repository)
}

function notListed(text: string): Refusal {
  return new Refusal(`the image ${quoted(text)} is of none of the allowed repositories`)
}
