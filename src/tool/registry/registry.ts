/** Client of image registries over their HTTP interface (version 2): tags, digests, labels. It pulls no image. */
import { createHash } from "node:crypto"
import { HoldfastError } from "../../base/errors.ts"
import type { FetchContext, ImageRegistry, Platform, ResolvedImage } from "../../release/ports.ts"
import type { CredentialsByRegistry } from "../../release/registry-credentials.ts"
import { askRegistry, type Answer, type Asking } from "./ask.ts"
import { readBlob } from "./blob.ts"
import { configurationSchema, manifestSchema, parseDocument, tagsSchema, type ImageManifest } from "./documents.ts"
import { placeOf, type RepositoryPlace } from "./place.ts"
import { readSignatures } from "./signatures.ts"

export interface RegistryOptions {
  readonly credentials: CredentialsByRegistry
  /** For one answer. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 30_000
/** A registry that never ends its list is not followed for ever. */
const MAX_PAGES = 1000
const TAGS_PER_PAGE = 500
const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ")

/** Tags and digests of registries, with the credentials that are known for each. */
export function createImageRegistry({ credentials, timeoutMs = TIMEOUT_MS }: RegistryOptions): ImageRegistry {
  const asking = (place: RepositoryPlace, ctx: FetchContext): Asking => ({
    place,
    credentials: credentials.get(place.registry) ?? null,
    timeoutMs,
    signal: ctx.signal,
  })
  return {
    tags: async (repository, ctx) => await listTags(asking(placeOf(repository), ctx)),
    digest: async (repository, tag, ctx) => (await readManifest(asking(placeOf(repository), ctx), tag)).digest,
    resolve: async (repository, reference, platform, ctx) => await resolve(asking(placeOf(repository), ctx), reference, platform),
    signatures: async (repository, digest, ctx) => await readSignatures(asking(placeOf(repository), ctx), digest),
  }
}

async function listTags(asking: Asking): Promise<readonly string[]> {
  const { repository, registry } = asking.place
  const tags: string[] = []
  let path: string | null = `/v2/${repository}/tags/list?n=${TAGS_PER_PAGE}`
  for (let page = 0; path !== null; page += 1) {
    if (page === MAX_PAGES) throw new HoldfastError("REGISTRY_FAILED", { what: `${registry} does not end its list of tags` })
    const answer: Answer = await askRegistry(asking, path, "application/json")
    tags.push(...(parseDocument(tagsSchema, answer.body, registry).tags ?? []))
    path = nextPage(answer.link, asking.place)
  }
  return [...new Set(tags)]
}

/** `Link: </v2/…?last=x&n=500>; rel="next"`; only on the registry itself. */
function nextPage(link: string | null, { origin }: RepositoryPlace): string | null {
  const target = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(link ?? "")?.[1]
  if (target === undefined) return null
  const url = URL.canParse(target, origin) ? new URL(target, origin) : null
  return url?.origin === origin ? url.pathname + url.search : null
}

async function resolve(asking: Asking, reference: string, platform: Platform): Promise<ResolvedImage> {
  const named = await readManifest(asking, reference)
  const chosen = named.manifest.manifests === undefined ? named : await readManifest(asking, digestFor(named.manifest, asking, platform))
  const configuration = await readConfiguration(asking, chosen.manifest, platform)
  return {
    digest: named.digest,
    platformDigest: chosen.digest,
    labels: configuration.config?.Labels ?? {},
    created: configuration.created === undefined ? null : new Date(configuration.created),
  }
}

async function readManifest(asking: Asking, reference: string): Promise<{ manifest: ImageManifest; digest: string }> {
  const { repository, registry } = asking.place
  const answer = await askRegistry(asking, `/v2/${repository}/manifests/${encodeURIComponent(reference)}`, MANIFEST_TYPES)
  const digest = `sha256:${createHash("sha256").update(answer.body).digest("hex")}`
  const told = reference.startsWith("sha256:") ? reference : answer.digest
  if (told !== null && told !== digest) {
    throw new HoldfastError("REGISTRY_FAILED", {
      what: `${registry} served other bytes for ${reference} than their digest`,
      why: `${told}, but it is ${digest}`,
    })
  }
  return { manifest: parseDocument(manifestSchema, answer.body, registry), digest }
}

function digestFor({ manifests = [] }: ImageManifest, { place }: Asking, platform: Platform): string {
  const fitting = manifests.filter((one) => one.platform?.os === platform.os && one.platform.architecture === platform.architecture)
  const exact = fitting.find((one) => platform.variant === null || one.platform?.variant === platform.variant) ?? fitting[0]
  if (exact !== undefined) return exact.digest
  throw platformMissing(
    place,
    platform,
    manifests.map((one) => `${one.platform?.os ?? "?"}/${one.platform?.architecture ?? "?"}`),
  )
}

async function readConfiguration(
  asking: Asking,
  { config }: ImageManifest,
  platform: Platform,
): Promise<ReturnType<typeof configurationSchema.parse>> {
  const { repository, registry } = asking.place
  if (config === undefined) throw new HoldfastError("REGISTRY_FAILED", { what: `what ${registry} serves for ${repository} is no image` })
  const parsed = parseDocument(configurationSchema, await readBlob(asking, config.digest), registry)
  if (parsed.os !== platform.os || parsed.architecture !== platform.architecture) {
    throw platformMissing(asking.place, platform, [`${parsed.os}/${parsed.architecture}`])
  }
  return parsed
}

function platformMissing({ registry, repository }: RepositoryPlace, platform: Platform, there: readonly string[]): HoldfastError {
  return new HoldfastError("IMAGE_PLATFORM_MISSING", {
    what: `${registry}/${repository} has no image for ${platform.os}/${platform.architecture}`,
    why: `there is ${[...new Set(there)].join(", ") || "none"}`,
  })
}
