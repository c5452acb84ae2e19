/** Looks at an install and says what adopting it would change; writes nothing. */
import { readFile, stat } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { gate } from "../app/gate.ts"
import type { ComposeProject } from "../app/app.ts"
import { imageTemplate } from "../app/compose/image-text.ts"
import type { LocatedApp } from "../app/locate.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import type { ServiceState } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { InstallableRelease } from "../release/installable.ts"
import { projectTexts } from "../update/place/pins.ts"
import { lookAtRunning, runningVersion } from "../update/running.ts"
import type { OpenVault } from "../vault/vault.ts"
import { madeAnew } from "./made-anew.ts"
import type { AdoptPlan, Target } from "./adopt-plan.ts"
import { checksOf, type AdoptFacts, type OtherSecret } from "./checks.ts"
import { holdfastAdditions, vendorAdditions, type Additions, type DefinitionGround, type HoldfastPlace } from "./definition.ts"
import { editCompose, reference, type ComposeEdits } from "./edit-compose.ts"
import { findRelease, vendorKeyOf, type ReleaseRequest } from "./find-release.ts"
import type { AdoptTools } from "./ports.ts"
import { findDirectory, findSecrets, planSecrets, type SecretFound } from "./secret-files.ts"
import { startingPoint, updaterServices } from "./starting-point.ts"
import { settingsEdit, type SettingsPlace } from "./updates-block.ts"
import { assignmentsOf, namesIn, writtenFile, type WrittenFile } from "./written.ts"

export interface AdoptRequest extends ReleaseRequest {
  readonly target: Exclude<Target, "pins">
  readonly channel: string | null
  /** The new version need not be the one that health reports: some builds report an old one. */
  readonly anyVersion: boolean
  /** Reference of Holdfast's own image, for its own target. */
  readonly holdfastImage: string
  readonly stateDirectory: string
  /** Path of the engine's socket on this host. */
  readonly engineSocket: string
  readonly settings: SettingsPlace | null
  /** Directories of local vaults. */
  readonly vaultDirectories: readonly string[]
}

const LOOK_MS = 5000

/**
 * The plan for an app whose recipe knows an updater. Surprises are in its checks; only what makes a plan impossible is thrown.
 * @throws ADOPT_NOT_EDITABLE, PIN_REFUSED, RELEASE_*, USAGE
 */
export async function planManaged(
  tools: AdoptTools,
  app: LocatedApp,
  compose: ComposeProject,
  known: ManagedUpdates,
  vault: OpenVault,
  request: AdoptRequest,
  ctx: RunContext,
): Promise<AdoptPlan> {
  const managed = asAsked(known, app, request)
  const looked = await lookAt(tools, app, compose, managed, ctx)
  const running = runningVersion(app, managed, looked.running, [managed.server.service])
  const pair = updaterServices(managed)
  const isDefined = startingPoint(looked.files, managed) === "defined"
  const byRelease = servicesOfRelease(managed, request.target)
  const vendorKey = await keyFor(tools, managed, looked.secrets, request, ctx)
  const release = await findRelease(
    tools,
    { name: app.name, running },
    managed,
    byRelease,
    { ...request, key: vendorKey ?? new Uint8Array() },
    [vault],
    ctx,
  )
  const facts: AdoptFacts = {
    managed,
    files: looked.files,
    model: looked.running.model,
    states: looked.running.states,
    secrets: looked.secrets,
    otherSecrets: await otherSecrets(looked, managed),
    well: await wellness(tools, app, ctx),
    running,
    release,
    needsImages: Object.keys(byRelease),
    keepsDefined: request.target === "vendor",
  }
  const edited = editsOf(app, compose, looked, managed, release, request, isDefined)
  const settings = request.target === "holdfast" ? settingsEdit(request.settings, app, managed, release) : []
  const wanted = onlyDefined(release, edited.isDefinedAfter)
  return {
    app: app.name,
    vault: vault.location.name,
    target: request.target,
    startingPoint: startingPoint(looked.files, managed),
    managed,
    running,
    release: { ...release, images: wanted },
    checks: checksOf(facts),
    secrets: planSecrets(looked.secrets, await findDirectory(join(compose.projectDirectory, "secrets"))),
    vendorKey,
    edits: [...edited.edits, ...settings],
    settingsFile: request.settings?.path ?? null,
    wanted,
    pulls: [...Object.values(wanted).map((image) => `${image.repository}@${image.digest}`), ...edited.ownImages],
    tags: edited.tags,
    beside: pair,
    anew: madeAnew(app, looked.running, [managed.server.service]),
    warnings: [],
  }
}

/** What the operator said of updates in the settings stands above what the recipe knows. */
function asAsked(known: ManagedUpdates, app: LocatedApp, request: AdoptRequest): ManagedUpdates {
  const rules = app.updates
  const follows = request.channel ?? rules?.channel ?? known.channel
  const url = rules?.url ?? known.url
  const host = url === known.url ? {} : { UPDATE_MANIFEST_HOST: new URL(url).origin }
  return {
    ...known,
    url,
    channel: follows,
    product: rules?.product ?? known.product,
    keyUrl: url === known.url ? known.keyUrl : `${url.replace(/\/$/, "")}/cosign.pub`,
    keyDigest: rules?.keyDigest ?? known.keyDigest,
    repositories: rules === undefined || rules.repositories.length === 0 ? known.repositories : [...rules.repositories],
    expectVersion: known.expectVersion && !request.anyVersion,
    server: { ...known.server, environment: { ...known.server.environment, ...host, UPDATE_CHANNEL: follows } },
  }
}

interface Looked {
  readonly running: Awaited<ReturnType<typeof lookAtRunning>>
  readonly files: readonly WrittenFile[]
  readonly env: { readonly path: string; readonly text: string } | null
  readonly secrets: readonly SecretFound[]
}

async function lookAt(
  tools: AdoptTools,
  app: LocatedApp,
  compose: ComposeProject,
  managed: ManagedUpdates,
  ctx: RunContext,
): Promise<Looked> {
  const running = await lookAtRunning(tools, app, ctx)
  const texts = await projectTexts(compose)
  const envPath = join(compose.projectDirectory, ".env")
  const envText = texts.get(envPath)
  return {
    running,
    files: compose.files.map((path) => writtenFile(path, texts.get(path) ?? "")),
    env: envText === undefined ? null : { path: envPath, text: envText },
    secrets: await findSecrets(managed, compose.projectDirectory, running.model.secretFiles),
  }
}

/** Service → name of its image in a release. */
function servicesOfRelease({ server, updater, proxy }: ManagedUpdates, target: AdoptRequest["target"]): Readonly<Record<string, string>> {
  if (target === "holdfast") return { [server.service]: server.image }
  return { [server.service]: server.image, [updater.service]: updater.image, [proxy.service]: proxy.image }
}

/** Null when images were given by hand and the file is filled already: then nobody needs it. */
async function keyFor(
  tools: AdoptTools,
  managed: ManagedUpdates,
  secrets: readonly SecretFound[],
  request: AdoptRequest,
  ctx: RunContext,
): Promise<Uint8Array | null> {
  const file = secrets.find((secret) => secret.make === "vendor-key")
  const isFilled = file !== undefined && file.state === "filled" && file.problem === null
  if (isFilled) return await readFile(file.path)
  return await vendorKeyOf(tools, managed, request.vendorKey, ctx)
}

/** Secrets that the compose files hand to the server and the updater never sees. */
async function otherSecrets({ running, secrets }: Looked, managed: ManagedUpdates): Promise<readonly OtherSecret[]> {
  const server = running.model.services.find((service) => service.name === managed.server.service)
  const names = (server?.secrets ?? []).filter((name) => !secrets.some((secret) => secret.name === name))
  const paths = [...new Set(names.flatMap((name) => running.model.secretFiles[name] ?? []))]
  return await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(() => null)
      return { path, mode: (found?.mode ?? 0) & 0o7777, uid: found?.uid ?? -1, sizeBytes: found?.size ?? 0 }
    }),
  )
}

async function wellness(tools: AdoptTools, app: LocatedApp, ctx: RunContext): Promise<AdoptFacts["well"]> {
  const { passed, checks } = await gate(app, tools, { kind: "live" }, ctx, {
    consecutive: 1,
    timeoutMs: LOOK_MS,
    ignoreServices: await resting(tools, app, ctx),
  })
  const failed = checks.filter((check) => check.outcome === "failed")
  return { passed, why: failed.map((check) => `${check.name} ${check.why}`).join(", ") || "no answer" }
}

/** Services that do not run now need not run afterwards. */
async function resting(tools: AdoptTools, app: LocatedApp, ctx: RunContext): Promise<readonly string[]> {
  const states = app.compose === null ? [] : await tools.containers.services(app.compose.projectName, ctx)
  return states.filter((state) => state.state !== "running").map((state) => state.service)
}

interface Edited extends ComposeEdits {
  readonly isDefinedAfter: (service: string) => boolean
  /** Images of ours that must be here. */
  readonly ownImages: readonly string[]
}

/** What is defined already is pinned, or gives way to Holdfast's own; what is not comes with its image. A half-defined pair is edited by nobody: its check stops it. */
function editsOf(
  app: LocatedApp,
  compose: ComposeProject,
  looked: Looked,
  managed: ManagedUpdates,
  release: InstallableRelease,
  request: AdoptRequest,
  isDefined: boolean,
): Edited {
  const { server, updater, proxy } = managed
  const hasAll = [server.service, ...(request.target === "vendor" ? [updater.service, proxy.service] : [])].every(
    (service) => release.images[service] !== undefined,
  )
  const isDefinedAfter = (service: string): boolean => service === server.service || request.target === "vendor"
  const ownImages = request.target === "holdfast" ? [request.holdfastImage] : []
  if (!hasAll || startingPoint(looked.files, managed) === "half-defined") return { edits: [], tags: [], isDefinedAfter, ownImages }
  const additions = additionsOf(app, compose, looked, managed, release, request)
  const pinned = isDefined && request.target === "vendor" ? release.images : onlyServer(release, server.service)
  const edits = editCompose(compose, looked.files, looked.env, pinned, additions)
  return { ...edits, isDefinedAfter, ownImages }
}

function onlyServer({ images }: InstallableRelease, service: string): InstallableRelease["images"] {
  const image = images[service]
  return image === undefined ? {} : { [service]: image }
}

function onlyDefined({ images }: InstallableRelease, isDefined: (service: string) => boolean): InstallableRelease["images"] {
  return Object.fromEntries(Object.entries(images).filter(([service]) => isDefined(service)))
}

function additionsOf(
  app: LocatedApp,
  compose: ComposeProject,
  looked: Looked,
  managed: ManagedUpdates,
  { images }: InstallableRelease,
  request: AdoptRequest,
): Additions {
  const ground = groundOf(looked, managed, request.engineSocket)
  if (request.target === "holdfast") return holdfastAdditions(managed, ground, placeOf(app, compose, looked, managed, request))
  const named = (service: string): string => (images[service] === undefined ? "" : reference(images[service]))
  return vendorAdditions(managed, ground, { updater: named(managed.updater.service), proxy: named(managed.proxy.service) })
}

function groundOf({ running, files }: Looked, { server }: ManagedUpdates, engineSocket: string): DefinitionGround {
  const state = running.states.find((one: ServiceState) => one.service === server.service)
  const networks = [...new Set(files.flatMap((file) => namesIn(file, server.service, "networks")))]
  const assigned = assignmentsOf(files, server.service).flatMap(({ name, value }): [string, string][] =>
    value === null ? [] : [[name, value]],
  )
  return {
    serverContainer: state?.containerName ?? server.service,
    serverEnvironment: new Map(assigned),
    serverNetworks: networks.length === 0 ? ["default"] : networks.filter((name) => !server.networks.includes(name)),
    engineSocket,
    declaredSecrets: Object.keys(running.model.secretFiles),
  }
}

function placeOf(
  app: LocatedApp,
  compose: ComposeProject,
  { running, files }: Looked,
  managed: ManagedUpdates,
  request: AdoptRequest,
): HoldfastPlace {
  const { settings } = request
  if (settings === null) {
    throw new HoldfastError("USAGE", {
      what: "Holdfast's image needs a settings file that it can read",
      hint: "Write one with `holdfast init`, or choose --target vendor.",
    })
  }
  const services = running.model.services.filter(({ name }) => !updaterServices(managed).includes(name))
  const mounts = services
    .flatMap((service) => service.mounts)
    .filter((mount) => mount.kind === "bind")
    .map(({ source, readOnly }) => ({ path: source, readOnly }))
  const declared = [...services.flatMap((service) => service.secrets), ...managed.server.secrets]
  const secretPaths = declared.map(
    (name) => running.model.secretFiles[name] ?? resolve(compose.projectDirectory, managed.secrets[name]?.file ?? name),
  )
  const images = [...services.flatMap(({ image }) => image ?? []), ...running.states.map(({ imageReference }) => imageReference)]
  const named = images.filter((image) => !image.startsWith("sha256:"))
  return {
    image: request.holdfastImage,
    projectName: running.model.projectName,
    settingsFile: settings.path,
    stateDirectory: request.stateDirectory,
    directories: [
      compose.projectDirectory,
      ...files.map(({ path }) => dirname(path)),
      ...request.vaultDirectories,
      ...app.files.map(({ place }) => place.path),
    ],
    appBinds: [...mounts, ...[...new Set(secretPaths)].map((path) => ({ path, readOnly: true }))],
    repositories: [...new Set([...named.map((image) => imageTemplate(image).repository), ...managed.repositories])].toSorted(),
  }
}
