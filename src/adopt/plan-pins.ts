/** The plan for an app of which no updater is known: the images that run are pinned to their digests, and the settings follow their registry. */
import { join } from "node:path"
import type { ComposeProject } from "../app/app.ts"
import { imageTemplate, isSameRepository } from "../app/compose/image-text.ts"
import type { LocatedApp } from "../app/locate.ts"
import type { ComposeService, ServiceState } from "../app/ports.ts"
import { databaseServices } from "../app/database-services.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ReleaseImage } from "../release/installable.ts"
import { projectTexts } from "../update/place/pins.ts"
import { lookAtRunning, runningVersion } from "../update/running.ts"
import type { OpenVault } from "../vault/vault.ts"
import { madeAnew } from "./made-anew.ts"
import type { AdoptPlan } from "./adopt-plan.ts"
import type { Check } from "./checks.ts"
import { editCompose } from "./edit-compose.ts"
import type { AdoptTools } from "./ports.ts"
import { registrySettingsEdit, type SettingsPlace } from "./updates-block.ts"
import { writtenFile } from "./written.ts"

/** Throws ADOPT_NOTHING where every image is pinned already or none comes from a registry, PIN_REFUSED, ADOPT_NOT_EDITABLE. */
export async function planPinned(
  tools: AdoptTools,
  app: LocatedApp,
  compose: ComposeProject,
  vault: OpenVault,
  settings: SettingsPlace | null,
  ctx: RunContext,
): Promise<AdoptPlan> {
  const running = await lookAtRunning(tools, app, ctx)
  const databases = databaseServices(app)
  const looked = running.model.services
    .filter(({ name }) => !databases.includes(name))
    .map((service) =>
      look(
        service,
        running.states.filter((state) => state.service === service.name),
      ),
    )
  const wanted = Object.fromEntries(looked.flatMap(({ service, image }) => (image === null ? [] : [[service, image]])))
  if (Object.keys(wanted).length === 0) {
    throw new HoldfastError("ADOPT_NOTHING", {
      what: `there is no image of ${app.name} to pin`,
      why: looked.map(({ service, why }) => `${service}: ${why}`).join("\n"),
    })
  }
  const texts = await projectTexts(compose)
  const envPath = join(compose.projectDirectory, ".env")
  const envText = texts.get(envPath)
  const files = compose.files.map((path) => writtenFile(path, texts.get(path) ?? ""))
  const { edits, tags } = editCompose(compose, files, envText === undefined ? null : { path: envPath, text: envText }, wanted, null)
  const version = runningVersion(app, { expectVersion: true }, running, Object.keys(wanted))
  const none = { preFlight: null, migrate: null, schemaVersion: null, notes: "", signed: null }
  return {
    app: app.name,
    vault: vault.location.name,
    target: "pins",
    startingPoint: null,
    managed: null,
    running: version,
    release: { version: version ?? "what runs", foundIn: "given", images: wanted, ...none },
    checks: looked.filter(({ image }) => image !== null).map(({ check }) => check),
    secrets: [],
    vendorKey: null,
    edits: [...edits, ...registrySettingsEdit(settings, app, wanted)],
    settingsFile: settings?.path ?? null,
    wanted,
    pulls: [],
    tags,
    beside: [],
    anew: madeAnew(app, running, Object.keys(wanted)),
    warnings: [
      ...looked.filter(({ image }) => image === null).map(({ service, why }) => `${service} is left as it is: ${why}`),
      ...databases.map((service) => `${service} is left as it is: it runs a database`),
    ],
  }
}

interface Look {
  readonly service: string
  /** Null where nothing is to be pinned. */
  readonly image: ReleaseImage | null
  readonly why: string
  readonly check: Check
}

function look(service: ComposeService, states: readonly ServiceState[]): Look {
  const { image, why } = imageOf(service, states)
  const found = states.map((state) => `${state.containerName} (${state.state})`).join(", ") || "none"
  return {
    service: service.name,
    image,
    why,
    check: {
      name: `service ${service.name}`,
      expected: "containers of one image, which run",
      found,
      good:
        states.length > 0 && states.every((state) => state.state === "running") && new Set(states.map((state) => state.imageId)).size === 1,
    },
  }
}

function imageOf(service: ComposeService, states: readonly ServiceState[]): { image: ReleaseImage | null; why: string } {
  if (service.builds || service.image === null) return { image: null, why: "it is built here" }
  const { repository, tag, digest } = imageTemplate(service.image)
  if (digest !== null) return { image: null, why: "it is pinned already" }
  if (states.length === 0) return { image: null, why: "no container of it is there" }
  const known = states[0]?.repositoryDigests.find((one) => isSameRepository(one.slice(0, one.indexOf("@")), repository))
  if (known === undefined) return { image: null, why: "no registry knows its image" }
  return { image: { repository, tag, digest: known.slice(known.indexOf("@") + 1) }, why: "" }
}
