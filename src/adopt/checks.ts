/** The guard of an adoption: named checks, each with what is expected and what was found; one surprise stops it (C119). Pure. */
import type { ManagedUpdates } from "../app/managed-updates.ts"
import type { ComposeModel, ComposeService, ServiceState } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { InstallableRelease } from "../release/installable.ts"
import { compareVersionTexts } from "../release/version.ts"
import { isRecord } from "../settings/member-value.ts"
import type { SecretFound } from "./secret-files.ts"
import { startingPoint, updaterServices, type StartingPoint } from "./starting-point.ts"
import { assignmentsOf, declares, namesIn, type WrittenFile } from "./written.ts"

export interface Check {
  readonly name: string
  readonly expected: string
  readonly found: string
  readonly good: boolean
}

export interface OtherSecret {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly sizeBytes: number
}

/** Everything that the checks are about, looked at once. */
export interface AdoptFacts {
  readonly managed: ManagedUpdates
  readonly files: readonly WrittenFile[]
  readonly model: ComposeModel
  readonly states: readonly ServiceState[]
  readonly secrets: readonly SecretFound[]
  /** Secrets that only the server reads. */
  readonly otherSecrets: readonly OtherSecret[]
  readonly well: { readonly passed: boolean; readonly why: string }
  readonly running: string | null
  /** What is to be pinned: for each service of the release its image. */
  readonly release: InstallableRelease
  /** Services whose images have to be in the release. */
  readonly needsImages: readonly string[]
  /** An updater that is defined already stays, so it has to be what would be put in; otherwise it gives way. */
  readonly keepsDefined: boolean
}

/** In the order in which an operator would look. */
export function checksOf(facts: AdoptFacts): readonly Check[] {
  return [
    serverCheck(facts),
    wellCheck(facts),
    updaterCheck(facts),
    ...(facts.keepsDefined && startingPoint(facts.files, facts.managed) === "defined" ? definedChecks(facts) : []),
    neverStartedCheck(facts),
    ...facts.secrets.map(secretCheck),
    ...otherSecretChecks(facts),
    ...Object.entries(facts.managed.server.environment).map(([name, value]) => environmentCheck(facts, name, value)),
    ...Object.keys(facts.managed.secrets).flatMap((name) => declaredCheck(facts, name)),
    ...Object.entries(facts.managed.networks).map(([name, wanted]) => networkCheck(facts, name, wanted)),
    networkModeCheck(facts),
    imagesCheck(facts),
    oneReleaseCheck(facts),
    newerCheck(facts),
  ]
}

/** Throws ADOPT_SURPRISE naming each check that did not find what it expected. */
export function refuseSurprises(app: string, checks: readonly Check[]): void {
  const surprises = checks.filter((check) => !check.good)
  if (surprises.length === 0) return
  throw new HoldfastError("ADOPT_SURPRISE", {
    what: `${app} is not as it is expected to be`,
    why: surprises.map(({ name, expected, found }) => `${name}: expected ${expected}; found ${found}`).join("\n"),
    details: { checks: checks.map((check) => ({ ...check })) },
  })
}

/** Containers are called differently everywhere, so the service's name finds it; none means another folder, or that it is stopped (C120). */
function serverCheck({ managed, states }: AdoptFacts): Check {
  const { service } = managed.server
  const own = states.filter((state) => state.service === service)
  const found = own.map((state) => `${state.containerName} (${state.state})`).join(", ") || "none"
  return {
    name: `service ${service}`,
    expected: "one container, which runs",
    found,
    good: own.length === 1 && own.every((state) => state.state === "running"),
  }
}

function wellCheck({ well }: AdoptFacts): Check {
  return { name: "health", expected: "the app is well now", found: well.passed ? "it is well" : well.why, good: well.passed }
}

const STARTING_POINTS: Readonly<Record<StartingPoint, string>> = {
  "not-defined": "neither is defined",
  defined: "both are defined",
  "half-defined": "one of them is defined",
}

function updaterCheck({ managed, files }: AdoptFacts): Check {
  const point = startingPoint(files, managed)
  return {
    name: updaterServices(managed).join(" and "),
    expected: "both are defined in the compose files, or neither",
    found: STARTING_POINTS[point],
    good: point !== "half-defined",
  }
}

function neverStartedCheck({ managed, states }: AdoptFacts): Check {
  const present = states.filter((state) => updaterServices(managed).includes(state.service))
  return {
    name: "updater",
    expected: "it was never started",
    found: present.length === 0 ? "no container" : present.map((state) => `${state.containerName} (${state.state})`).join(", "),
    good: present.length === 0,
  }
}

/** What is defined already has to be what would be put in: reachable, in its profile, and hardened (C143). */
function definedChecks({ managed, model, files }: AdoptFacts): readonly Check[] {
  const networks = Object.keys(managed.networks)
  return updaterServices(managed).flatMap((name) => {
    const service = model.services.find((one) => one.name === name)
    if (service === undefined) return []
    const written = documentOf(model, name)
    const secrets = name === managed.updater.service ? Object.keys(managed.secrets) : []
    return [
      listCheck(`${name}: profile`, [managed.profile], service.profiles),
      listCheck(`${name}: secrets`, secrets, service.secrets),
      listCheck(
        `${name}: networks`,
        networks,
        files.flatMap((file) => namesIn(file, name, "networks")),
      ),
      hardenedCheck(name, written),
    ]
  })
}

function listCheck(name: string, expected: readonly string[], found: readonly string[]): Check {
  const missing = expected.filter((one) => !found.includes(one))
  return { name, expected: expected.join(", ") || "nothing more", found: found.join(", ") || "none", good: missing.length === 0 }
}

export function hardenedCheck(name: string, service: Readonly<Record<string, unknown>>): Check {
  const wanted = {
    "read_only: true": service["read_only"] === true,
    "tmpfs: [/tmp]": list(service["tmpfs"]).some((one) => one === "/tmp" || one.startsWith("/tmp:")),
    "cap_drop: [ALL]": list(service["cap_drop"]).includes("ALL"),
    'security_opt: ["no-new-privileges:true"]': list(service["security_opt"]).some((one) => /^no-new-privileges(:true)?$/.test(one)),
  }
  const missing = Object.entries(wanted).flatMap(([what, there]) => (there ? [] : [what]))
  return {
    name: `${name}: hardened`,
    expected: Object.keys(wanted).join(", "),
    found: missing.length === 0 ? "all of it" : `not ${missing.join(", not ")}`,
    good: missing.length === 0,
  }
}

function list(value: unknown): readonly string[] {
  if (typeof value === "string") return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : []
}

function documentOf(model: Pick<ComposeModel, "document">, name: string): Readonly<Record<string, unknown>> {
  const services = model.document["services"]
  const found = isRecord(services) ? services[name] : undefined
  return isRecord(found) ? found : {}
}

const EXPECTED: Readonly<Record<SecretFound["make"], string>> = {
  "random-hex-32": "missing, empty, or a token",
  "vendor-key": "missing, empty, or the vendor's public key with the pinned SHA-256",
  nothing: "missing, blank, or credentials of the registry",
  never: "filled",
}

function secretCheck({ name, make, state, problem }: SecretFound): Check {
  const good = problem === null && (make !== "never" || state === "filled")
  const found = problem === null ? STATES[state] : `something else: ${problem}`
  return { name: `secret ${name}`, expected: EXPECTED[make], found, good }
}

const STATES: Readonly<Record<SecretFound["state"], string>> = {
  missing: "missing",
  empty: "empty, 0 bytes",
  blank: "white space only",
  filled: "filled",
}

/** Older Compose hands a file secret into the container with its own mode and owner (C135). */
function otherSecretChecks({ managed, otherSecrets }: AdoptFacts): readonly Check[] {
  return otherSecrets.map(({ path, mode, uid, sizeBytes }) => ({
    name: `secret ${path.split("/").at(-1) ?? path}`,
    expected: `filled, and readable for user ${managed.server.uid}: its own, or 0644`,
    found: `${sizeBytes} bytes, 0${mode.toString(8)}, of user ${uid}`,
    good: sizeBytes > 0 && ((mode & 0o004) !== 0 || (uid === managed.server.uid && (mode & 0o400) !== 0)),
  }))
}

function environmentCheck({ files, managed }: AdoptFacts, name: string, value: string): Check {
  const found = assignmentsOf(files, managed.server.service).filter((one) => one.name === name)
  return {
    name: `environment ${name}`,
    expected: `not set, or once as ${value}`,
    found: found.length === 0 ? "not set" : found.map((one) => one.value ?? "a name without a value").join(", and again "),
    good: found.length === 0 || (found.length === 1 && found.every((one) => one.value === value)),
  }
}

function declaredCheck({ files, model, secrets }: AdoptFacts, name: string): readonly Check[] {
  if (!declares(files, "secrets", name)) return []
  const file = model.secretFiles[name]
  const path = secrets.find((one) => one.name === name)?.path
  return [{ name: `secrets: ${name}`, expected: "a file", found: file ?? "something else", good: file !== undefined && file === path }]
}

function networkCheck({ files }: AdoptFacts, name: string, wanted: unknown): Check {
  const defined = files
    .map(({ content }) => (isRecord(content["networks"]) ? content["networks"][name] : undefined))
    .find((one) => one !== undefined)
  const internal = isRecord(wanted) && wanted["internal"] === true
  const isInternal = isRecord(defined) && defined["internal"] === true
  return {
    name: `network ${name}`,
    expected: internal ? "not defined, or internal" : "not defined, or as it is",
    found: defined === undefined ? "not defined" : isInternal ? "internal" : "open to the outside",
    good: defined === undefined || !internal || isInternal,
  }
}

function networkModeCheck({ managed, model }: AdoptFacts): Check {
  const server = model.services.find((service) => service.name === managed.server.service)
  const mode = server?.networkMode ?? null
  return {
    name: "networks of the server",
    expected: "networks of the project",
    found: mode ?? "networks of the project",
    good: mode === null,
  }
}

/** A digest for each, so that what was looked at is what runs (C139). */
function imagesCheck({ release, needsImages }: AdoptFacts): Check {
  const missing = needsImages.filter((service) => release.images[service] === undefined)
  return {
    name: `release ${release.version}`,
    expected: `a digest for ${needsImages.join(", ")}`,
    found: missing.length === 0 ? "there is one" : `none for ${missing.join(", ")}`,
    good: missing.length === 0,
  }
}

/** An updater of another release than the server's does not understand it (C138). */
function oneReleaseCheck({ managed, release, needsImages }: AdoptFacts): Check {
  const pair = needsImages.filter((service) => service === managed.server.service || service === managed.updater.service)
  const tags = pair.flatMap((service) => release.images[service]?.tag ?? [])
  const others = tags.filter((tag) => isOtherVersion(tag, release.version))
  return {
    name: "one release",
    expected: `${pair.join(" and ")} of ${release.version}`,
    found: others.length === 0 ? release.version : others.join(", "),
    good: others.length === 0,
  }
}

function isOtherVersion(tag: string, version: string): boolean {
  const order = compareVersionTexts(tag, version)
  return order !== null && order !== 0
}

function newerCheck({ running, release }: AdoptFacts): Check {
  const order = running === null ? null : compareVersionTexts(release.version, running)
  return {
    name: "running version",
    expected: `${release.version} or earlier`,
    found: running ?? "not told",
    good: order === null || order >= 0,
  }
}

/** What the resolved configuration of the edited files has to say; anything else is a bug of the edit, and stops it (C136, C137, C142). */
export function editedChecks(model: Pick<ComposeModel, "services" | "document">, managed: ManagedUpdates): readonly Check[] {
  const server = model.services.find((service) => service.name === managed.server.service)
  const networks = (name: string): readonly string[] => keysOrItems(documentOf(model, name)["networks"])
  return [
    ...Object.entries(managed.server.environment).map(([name, value]) => resolvedCheck(server, name, value)),
    listCheck("secrets of the server", managed.server.secrets, server?.secrets ?? []),
    listCheck("networks of the server", managed.server.networks, networks(managed.server.service)),
    ...updaterServices(managed).map((name) => listCheck(`networks of ${name}`, Object.keys(managed.networks), networks(name))),
    ...updaterServices(managed).map((name) => hardenedCheck(name, documentOf(model, name))),
    listCheck(
      "services",
      [managed.server.service, ...updaterServices(managed)],
      model.services.map(({ name }) => name),
    ),
  ]
}

function resolvedCheck(server: ComposeService | undefined, name: string, value: string): Check {
  const found = server?.environment[name]?.reveal() ?? null
  return { name: `environment ${name}`, expected: value, found: found ?? "not set", good: found === value }
}

function keysOrItems(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : list(value)
}
