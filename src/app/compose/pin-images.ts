/** Which bytes of compose files and `.env` change so that services run other images, pinned to their digests, and nothing else does (design §10). Pure. */
import { join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { ComposeProject } from "../app.ts"
import { parseEnvFile } from "../env-file.ts"
import type { Variables } from "../interpolate.ts"
import { assertOnlyImagesChanged, type Replacement, spliced, withAssignments } from "./apply-pins.ts"
import { type ComposeTexts, findImage, type ImageSource, readComposeText, servicesOf } from "./image-source.ts"
import { assertWanted, imageTemplate, pinnedText, type WantedImage } from "./image-text.ts"
import { type Assignment, proposeVariables, tailVariables } from "./pin-variables.ts"
import { refused } from "./pin-refusal.ts"
import { imagesOf, isPinned, type LocalTag } from "./pinned.ts"
import { unifiedDifference } from "./unified-difference.ts"
import { type VariableUses, variableUses } from "./variable-uses.ts"

export interface PinPlan {
  /** In the order of the files, `.env` last; empty when all is as wanted already. */
  readonly edits: readonly PinEdit[]
  /**
   * Names that the edited files use without a digest, because services share a variable for their tag. Each must mean this digest on
   * this machine before the services come up: pull by digest, then tag.
   */
  readonly tags: readonly LocalTag[]
}

export interface PinEdit {
  readonly path: string
  readonly before: string
  readonly after: string
  readonly diff: string
}

export type Wanted = Readonly<Record<string, WantedImage>>

/**
 * How `image:` of each wanted service is moved, every other byte kept:
 * - A text is replaced at its own range, by `repository[:tag]@digest`; its quotes, anchor and comment stay. The last file that says it counts.
 * - A variable that is the whole image, its tag or its digest is changed in its last assignment in `.env`. With a variable in the
 *   tag alone, services share it, so it can hold no digest: it gets the tag, and `tags` says what that must mean here.
 * - The text itself is replaced instead where the variable is not in `.env`, where services want different values of it, or where
 *   something else depends on it as well (another service's environment, a service that takes the whole `.env`).
 * - It is refused when another service's image depends on the same variable, anchor or `extends`, and is not wanted: services that
 *   share these belong together and move together.
 *
 * Variables of a shell stand above `.env` and are not seen here: the caller resolves the project again and calls `assertPinned`.
 * @param texts the compose files and `.env` of the project directory, where there is one, by path; further files only if `extends` names them
 * @throws PIN_REFUSED, COMPOSE_SERVICE_MISSING, COMPOSE_INVALID
 */
export function planPins(
  project: Pick<ComposeProject, "files" | "projectDirectory">,
  texts: ReadonlyMap<string, string>,
  wanted: Wanted,
): PinPlan {
  const envPath = join(project.projectDirectory, ".env")
  const envText = texts.get(envPath) ?? ""
  const compose = composeTexts(project.files, texts, envPath)
  const env = parseEnvFile(envText)
  const lookUp: Variables = (name) => env.values.get(name)
  for (const [service, image] of Object.entries(wanted)) assertWanted(service, image)
  const sources = new Map(Object.keys(wanted).map((service) => [service, sourceOf(compose, service)]))
  assertNobodyElseShares(compose, sources)
  const uses = variableUses(compose, envPath, envText, project.projectDirectory)
  const pins = decide(sources, wanted, uses, lookUp)
  const files = compose.files.concat([...compose.others.values()]).map((file) => {
    const replacements = pins.texts.filter(({ source }) => source.file === file)
    const after = spliced(file.text, replacements)
    assertOnlyImagesChanged(file, after, compose.files.includes(file) ? Object.keys(wanted) : null)
    return edit(file.path, file.text, after)
  })
  const envEdit = edit(envPath, envText, withAssignments(envPath, envText, pins.assignments))
  const plan = { edits: [...files, envEdit].flat(), tags: pins.tags }
  assertOutcome({ project, texts, wanted, before: imagesOf(compose, lookUp) }, plan)
  return plan
}

/** What was edited is read again as a whole: wanted services run what is wanted, all others what they ran. */
function assertOutcome(
  asked: {
    readonly project: Pick<ComposeProject, "files" | "projectDirectory">
    readonly texts: ReadonlyMap<string, string>
    readonly wanted: Wanted
    readonly before: ReadonlyMap<string, string | null>
  },
  plan: PinPlan,
): void {
  const { project, wanted, before } = asked
  const texts = new Map([...asked.texts, ...plan.edits.map(({ path, after }) => [path, after] as const)])
  const envPath = join(project.projectDirectory, ".env")
  const env = parseEnvFile(texts.get(envPath) ?? "")
  const images = imagesOf(composeTexts(project.files, texts, envPath), (name) => env.values.get(name))
  for (const [service, image] of images) {
    const aim = wanted[service]
    const isRight = aim === undefined ? image === before.get(service) : image !== null && isPinned(image, aim, plan.tags)
    if (isRight) continue
    throw refused(
      service,
      `its image would become ${image ?? "unknown"}, by variables or texts that it shares`,
      "Give the services an `image:` of their own.",
    )
  }
}

function edit(path: string, before: string, after: string): readonly PinEdit[] {
  return before === after ? [] : [{ path, before, after, diff: unifiedDifference(path, before, after) }]
}

function composeTexts(files: readonly string[], texts: ReadonlyMap<string, string>, envPath: string): ComposeTexts {
  const others = [...texts].filter(([path]) => path !== envPath && !files.includes(path))
  return {
    files: files.map((path) => {
      const text = texts.get(path)
      if (text === undefined) throw new HoldfastError("COMPOSE_INVALID", { what: `the compose file ${path} was not read` })
      return readComposeText(path, text)
    }),
    others: new Map(others.map(([path, text]) => [path, readComposeText(path, text)])),
  }
}

function sourceOf(compose: ComposeTexts, service: string): ImageSource {
  const found = findImage(compose, service)
  if (found.kind === "absent") throw missing(compose, service)
  if (found.builds)
    throw refused(
      service,
      "it is built here: there is `build:` beside its image",
      "Let `updates.source` be `git`, or take `build:` out (`build: !reset null` in an override file does it).",
    )
  if (found.kind === "image") return found.source
  throw refused(service, found.why, "Give the service an `image:` of its own in one of the compose files; an override file will do.")
}

function missing(compose: ComposeTexts, service: string): HoldfastError {
  const known = [...new Set(compose.files.flatMap(servicesOf))]
  const including = compose.files.find(({ document }) => document.has("include"))
  return new HoldfastError("COMPOSE_SERVICE_MISSING", {
    what: `no compose file declares the service ${service}`,
    why:
      including === undefined
        ? `there ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`
        : `${including.path} includes other files, which are not read`,
    ...(including === undefined ? {} : { hint: `Give ${service} an \`image:\` in an override file beside ${including.path}.` }),
  })
}

/** A text that several services take is one text: it can only move with all of them, to one image. */
function assertNobodyElseShares(compose: ComposeTexts, sources: ReadonlyMap<string, ImageSource>): void {
  for (const other of new Set(compose.files.flatMap(servicesOf))) {
    if (sources.has(other)) continue
    const found = findImage(compose, other)
    if (found.kind !== "image") continue
    const sharing = [...sources].find(([, { scalar }]) => scalar === found.source.scalar)
    if (sharing !== undefined) throw notTogether(sharing[0], [other], "takes its image from the same place")
  }
}

interface Pins {
  readonly texts: readonly Replacement[]
  readonly assignments: ReadonlyMap<string, string>
  readonly tags: readonly LocalTag[]
}

function decide(sources: ReadonlyMap<string, ImageSource>, wanted: Wanted, uses: VariableUses, lookUp: Variables): Pins {
  const services = [...sources].map(([service, source]) => {
    const template = imageTemplate(source.scalar.value)
    const image = wanted[service]
    if (image === undefined) throw new Error(`${service} is not wanted`)
    for (const variable of tailVariables(template)) {
      const left = (uses.images.get(variable) ?? []).filter((other) => !sources.has(other))
      if (left.length > 0) throw notTogether(service, left, `shares the variable ${variable} with it`)
    }
    return { service, source, image, template, proposed: proposeVariables(template, image, lookUp) }
  })
  const moved = [...sources.keys()]
  const usable = usableVariables(
    services.flatMap(({ proposed }) => proposed?.assignments ?? []),
    (variable) => !uses.isUsedBeside(variable, moved),
  )
  const byVariable = services.filter(({ proposed }) => proposed?.assignments.every(({ name }) => usable.has(name)) === true)
  const byText = services.filter((one) => !byVariable.includes(one))
  const texts = byText.map(({ service, source, image, template }) => ({ service, source, value: pinnedText(template, image, lookUp) }))
  assertOneTextEach(texts)
  return {
    texts,
    assignments: new Map(byVariable.flatMap(({ proposed }) => (proposed?.assignments ?? []).map(({ name, value }) => [name, value]))),
    tags: byVariable.flatMap(({ proposed, image }) =>
      proposed?.reference === null || proposed === null
        ? []
        : [{ reference: proposed.reference, repository: image.repository, digest: image.digest }],
    ),
  }
}

/** Variables for which all want one value, and which nothing else depends on. */
function usableVariables(assignments: readonly Assignment[], isFree: (variable: string) => boolean): ReadonlySet<string> {
  const values = new Map<string, Set<string>>()
  for (const { name, value } of assignments) values.set(name, (values.get(name) ?? new Set()).add(value))
  return new Set([...values].filter(([name, wanted]) => wanted.size === 1 && isFree(name)).map(([name]) => name))
}

function assertOneTextEach(texts: readonly Replacement[]): void {
  for (const { service, source, value } of texts) {
    const other = texts.find((one) => one.source.scalar === source.scalar && one.value !== value)
    if (other !== undefined)
      throw refused(
        service,
        `${other.service} takes its image from the same place and is to have another one`,
        "Give each of these services an `image:` of its own.",
      )
  }
}

function notTogether(service: string, others: readonly string[], why: string): HoldfastError {
  return refused(
    service,
    `${others.join(", ")} ${why} and would not be moved with it`,
    "Services that share this belong together: name all of them under `updates.services`, or give the service an `image:` of its own.",
  )
}
