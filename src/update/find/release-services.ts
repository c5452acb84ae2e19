/** Which services a release is for: each image of the release goes to the services that run its repository. Pure. */
import type { UpdateRules } from "../../app/app.ts"
import { imageTemplate, isSameRepository } from "../../app/compose/image-text.ts"
import type { ComposeService } from "../../app/ports.ts"
import { isHoldfastService } from "../../app/updater-services.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { InstallableRelease, ReleaseCommand, ReleaseImage } from "../../release/installable.ts"
import type { ReleaseManifest } from "../../release/manifest.ts"
import type { TrustedRelease } from "../../release/trust.ts"

type NamedServices = readonly Pick<ComposeService, "name" | "image" | "labels">[]

/**
 * Repositories that releases may name: those of the settings, else those that the app runs now, each in every way that it can be written.
 */
export function allowedRepositories({ repositories }: Pick<UpdateRules, "repositories">, services: NamedServices): readonly string[] {
  const running = services.filter((service) => !isHoldfastService(service))
  const named =
    repositories.length > 0 ? repositories : running.flatMap(({ image }) => (image === null ? [] : [imageTemplate(image).repository]))
  return [...new Set(named.flatMap(spellings))].toSorted()
}

/** `acme/chat` and `docker.io/acme/chat` are the same. */
function spellings(repository: string): readonly string[] {
  const hub = /^(?:index\.)?docker\.io\/(?:library\/(?=[^/]+$))?(.+)$/.exec(repository)?.[1]
  const [first = ""] = repository.split("/")
  if (hub === undefined && repository.includes("/") && (/[.:]/.test(first) || first === "localhost")) return [repository]
  const short = hub ?? repository
  return [short, `docker.io/${short}`, ...(short.includes("/") ? [] : [`docker.io/library/${short}`])]
}

/**
 * A trusted release as something that can be installed here. Services that belong together are all in it, or it is refused: every service
 * of `updates.services` needs an image of the release; without that setting, every service that runs one of `updates.repositories`. One in which
 * Holdfast runs is in no release of the vendor's.
 * Throws RELEASE_SERVICES_DIFFER.
 */
export function installable(
  release: TrustedRelease,
  services: NamedServices,
  rules: Pick<UpdateRules, "services" | "repositories">,
): InstallableRelease {
  const { manifest, digest } = release
  const { product, channel, version, sequence, preFlight, migrate, schemaVersion, notes } = manifest
  const fitted = fit(manifest, services, rules)
  return {
    version,
    foundIn: "manifest",
    images: Object.fromEntries(fitted.map(({ service, image }) => [service, image])),
    preFlight: commandOf(manifest, "preFlight", preFlight, fitted),
    migrate: commandOf(manifest, "migrate", migrate, fitted),
    schemaVersion,
    notes,
    signed: { product, channel, sequence, digest },
  }
}

interface Fitted {
  readonly service: string
  /** As the release names it. */
  readonly imageName: string
  readonly image: ReleaseImage
}

function fit(manifest: ReleaseManifest, services: NamedServices, rules: Pick<UpdateRules, "services" | "repositories">): readonly Fitted[] {
  const meant = services.filter(({ name }) => rules.services === null || rules.services.includes(name))
  const wanted = meant.filter((service) => !isHoldfastService(service))
  const absent = (rules.services ?? []).filter((name) => !services.some((service) => service.name === name))
  if (absent.length > 0) throw differ(manifest, `the compose project has no service ${absent.join(", ")}`)
  const fitted = wanted.flatMap((service) => fitOne(manifest, service))
  const without = wanted.filter(({ name }) => !fitted.some(({ service }) => service === name))
  const owed = without.filter(({ image }) => rules.services !== null || runsOneOf(rules.repositories, image))
  if (owed.length > 0) {
    const named = owed.map(({ name, image }) => `${name} (${image ?? "built here"})`).join(", ")
    throw differ(manifest, `it has no image for ${named}; services that belong together are updated together or not at all`)
  }
  if (fitted.length > 0) return fitted.toSorted((left, right) => (left.service < right.service ? -1 : 1))
  const repositories = Object.values(manifest.images).map(({ repository }) => repository)
  throw differ(manifest, `no service runs an image of ${repositories.join(", ")}`)
}

function fitOne(manifest: ReleaseManifest, { name, image }: NamedServices[number]): readonly Fitted[] {
  if (image === null) return []
  const written = imageTemplate(image).repository
  const matching = Object.entries(manifest.images).filter(([, one]) => isSameRepository(one.repository, written))
  const [first, ...others] = matching
  // Of several images of one repository, the one that bears the service's name is meant; else nobody can tell, unless they are the same.
  const isOne = others.every(([, one]) => one.digest === first?.[1].digest)
  const chosen = matching.find(([imageName]) => imageName === name) ?? (isOne ? first : undefined)
  if (chosen === undefined) {
    if (first === undefined) return []
    throw differ(manifest, `it has ${matching.map(([imageName]) => imageName).join(" and ")} of ${written}, and none is named ${name}`)
  }
  return [{ service: name, imageName: chosen[0], image: { repository: written, digest: chosen[1].digest, tag: null } }]
}

function runsOneOf(repositories: readonly string[], image: string | null): boolean {
  return image !== null && repositories.some((repository) => isSameRepository(repository, imageTemplate(image).repository))
}

function commandOf(
  manifest: ReleaseManifest,
  step: string,
  command: ReleaseManifest["migrate"],
  fitted: readonly Fitted[],
): ReleaseCommand | null {
  if (command === null) return null
  const runs = fitted.filter(({ imageName }) => imageName === command.image)
  const service = (runs.find((one) => one.service === command.image) ?? runs[0])?.service
  const [program, ...words] = command.command
  if (service === undefined || program === undefined)
    throw differ(manifest, `its ${step} runs in image ${command.image}, which no service runs`)
  return { service, argv: [program, ...words] }
}

function differ({ product, version }: Pick<ReleaseManifest, "product" | "version">, why: string): HoldfastError {
  return new HoldfastError("RELEASE_SERVICES_DIFFER", { what: `${product} ${version} does not fit the services of this app`, why })
}
