/** Which services follow a registry's tags together, and the tag that they run. Pure. */
import type { App, UpdateRules } from "../../app/app.ts"
import { databaseServices } from "../../app/database-services.ts"
import { imageTemplate, isSameRepository } from "../../app/compose/image-text.ts"
import { isHoldfastService } from "../../app/updater-services.ts"
import { HoldfastError } from "../../base/errors.ts"
import { parseVersion } from "../../release/version.ts"
import { VERSION_LABEL, type RunningApp } from "../running.ts"

export interface FamilyMember {
  readonly service: string
  /** As the compose file writes it, without tag and digest. */
  readonly repository: string
}

/** Services that move to the same tag together, or not at all. */
export interface ImageFamily {
  readonly members: readonly [FamilyMember, ...FamilyMember[]]
  /** The tag that runs; where that is no version, the version by the image's label. */
  readonly running: string
}

/**
 * The services of `updates.services`; without it, those that run one of `updates.repositories`; without both, those whose image the recipe
 * knows, else all that are no databases. Throws RELEASE_SERVICES_DIFFER when they run different tags, or when there are none.
 */
export function imageFamily(app: App, rules: UpdateRules, running: RunningApp): ImageFamily {
  const [first, ...others] = membersOf(app, rules, running)
  if (first === undefined) throw unclear(app, "no service of this app runs an image that is followed")
  refuseForeign(app, rules, [first, ...others])
  const tags = new Map([first, ...others].map((member) => [member.service, runningTag(member, rules, running)]))
  const distinct = [...new Set(tags.values())]
  const [tag] = distinct
  if (tag === undefined || distinct.length > 1) {
    const why = `they run different tags: ${[...tags].map(([service, one]) => `${service} ${one}`).join(", ")}`
    throw unclear(app, why, largestGroup(tags))
  }
  return { members: [first, ...others], running: tag }
}

function membersOf(app: App, rules: UpdateRules, { model }: RunningApp): readonly FamilyMember[] {
  const { services, repositories } = rules
  const ours = model.services.filter(isHoldfastService).map(({ name }) => name)
  const all = model.services.flatMap(({ name, image, builds }) =>
    image === null || builds || ours.includes(name) ? [] : [{ service: name, repository: imageTemplate(image).repository }],
  )
  const among = (names: readonly string[]): readonly FamilyMember[] =>
    all.filter(({ repository }) => names.some((one) => isSameRepository(one, repository)))
  if (services !== null) {
    const absent = services.filter((name) => !ours.includes(name) && !all.some(({ service }) => service === name))
    if (absent.length > 0) throw unclear(app, `${absent.join(", ")} is no service with an image of a registry`)
    return all.filter(({ service }) => services.includes(service))
  }
  if (repositories.length > 0) return among(repositories)
  const known = among(app.recipe?.detect.images ?? [])
  const databases = databaseServices(app)
  return known.length > 0 ? known : all.filter(({ service }) => !databases.includes(service))
}

function refuseForeign({ name }: App, { repositories }: UpdateRules, members: readonly FamilyMember[]): void {
  if (repositories.length === 0) return
  const foreign = members.find(({ repository }) => !repositories.some((one) => isSameRepository(one, repository)))
  if (foreign === undefined) return
  throw new HoldfastError("RELEASE_REPOSITORY_REFUSED", {
    what: `service ${foreign.service} of ${name} runs an image of ${foreign.repository}, which is not allowed`,
    why: `allowed: ${repositories.join(", ")}`,
  })
}

/** As compose is told to start it, also with our own digest behind it; what says nothing by its tag may by its label. */
function runningTag({ service }: FamilyMember, { tagPattern }: UpdateRules, { model, states }: RunningApp): string {
  const image = model.services.find(({ name }) => name === service)?.image ?? ""
  const { tag, digest } = imageTemplate(image)
  if (tag !== null && (tagPattern === null ? parseVersion(tag) !== null : new RegExp(tagPattern).test(tag))) return tag
  const label = states.find((state) => state.service === service)?.labels[VERSION_LABEL] ?? null
  return label !== null && parseVersion(label) !== null ? label : (tag ?? digest ?? "latest")
}

/** The most services that run the same tag, a version before anything else; what is probably meant, to show how it is said. */
function largestGroup(tags: ReadonlyMap<string, string>): readonly string[] {
  const groups = Map.groupBy(tags, ([, tag]) => tag)
  const sized = [...groups].map(([tag, members]) => ({
    isVersion: parseVersion(tag) !== null,
    services: members.map(([service]) => service),
  }))
  const [first] = sized.toSorted((a, b) => Number(b.isVersion) - Number(a.isVersion) || b.services.length - a.services.length)
  return first?.services ?? []
}

function unclear(app: App, why: string, example: readonly string[] = []): HoldfastError {
  const shown = example.length === 0 ? ", as the compose file names them" : `, for example \`services: [${example.join(", ")}]\``
  return new HoldfastError("RELEASE_SERVICES_DIFFER", {
    what: `which services of ${app.name} are updated together is not clear`,
    why,
    hint: `Name them under \`updates.services\`${shown}.`,
  })
}
