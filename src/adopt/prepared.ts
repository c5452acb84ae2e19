/** What an adoption journals before it changes anything: everything that settling and undoing go by. Holds no secret. */
import { stat } from "node:fs/promises"
import { z } from "zod"
import type { LocatedApp } from "../app/locate.ts"
import { planStandstill, standstillFromJson, standstillToJson, type Standstill } from "../app/standstill.ts"
import { sha256, type Json } from "../base/canonical-json.ts"
import type { RunContext } from "../base/run-context.ts"
import { planFileSwap, type FileSwap } from "../restore/file-swap.ts"
import { realFile } from "../update/place/pins.ts"
import type { AdoptPlan } from "./adopt-plan.ts"
import type { AdoptTools } from "./ports.ts"
import { secretsFromJson, secretsToJson, type SecretChange } from "./secret-files.ts"

/** One edited file: where its versions lie, and what they were. */
export interface PreparedFile {
  readonly swap: FileSwap
  /** Holdfast's own settings, which an operator goes on to edit. */
  readonly isSettings: boolean
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** `sha256:…` of the text before and after. */
  readonly before: string
  readonly after: string
}

/** The image that a service ran before, and the name that keeps it from being cleaned up. */
export interface KeptImage {
  readonly service: string
  readonly reference: string
  readonly imageId: string
  readonly keptAs: string
}

export interface Prepared {
  readonly vault: string
  readonly target: string
  readonly from: string | null
  readonly to: string
  readonly expectVersion: boolean
  readonly files: readonly PreparedFile[]
  readonly secrets: readonly SecretChange[]
  readonly images: readonly KeptImage[]
  /** Services that the adoption starts beside the app. */
  readonly beside: readonly string[]
  readonly anew: readonly string[]
  /** Real names of networks that it brings. */
  readonly networks: readonly string[]
  readonly volumes: readonly string[]
  readonly profile: string | null
  readonly standstill: Standstill
}

/**
 * Names everything. Nothing is changed.
 * @param contents what is written into each secret that is made, by path; only its digest is kept
 */
export async function prepare(
  tools: AdoptTools,
  app: LocatedApp,
  plan: AdoptPlan,
  contents: ReadonlyMap<string, Uint8Array>,
  ctx: RunContext,
): Promise<Prepared> {
  const project = app.compose?.projectName ?? ""
  const states = await tools.containers.services(project, ctx)
  const all = await planStandstill(tools, app, ctx)
  const { managed } = plan
  const declared = Object.keys(app.model?.networks ?? {})
  return {
    vault: plan.vault,
    target: plan.target,
    from: plan.running,
    to: plan.release.version,
    expectVersion: managed?.expectVersion ?? false,
    files: await Promise.all(plan.edits.map(async (edit) => await preparedFile(edit, edit.path === plan.settingsFile, ctx.operationId))),
    secrets: plan.secrets.map((change) => {
      const content = contents.get(change.path)
      return { ...change, writes: content === undefined ? null : sha256(content) }
    }),
    images: states
      .filter((state) => plan.anew.includes(state.service))
      .map(({ service, imageReference, imageId }) => {
        const keptAs = `holdfast-kept:${ctx.operationId}-${imageId.replace(/^sha256:/, "").slice(0, 12)}`
        return { service, reference: imageReference, imageId, keptAs }
      }),
    beside: plan.beside,
    anew: plan.anew,
    networks: Object.keys(managed?.networks ?? {})
      .filter((name) => !declared.includes(name))
      .map((name) => `${project}_${name}`),
    volumes: Object.keys(managed?.volumes ?? {}).map((name) => `${project}_${name}`),
    profile: managed?.profile ?? null,
    standstill: { ...all, services: all.services.filter(({ service }) => plan.anew.includes(service)) },
  }
}

async function preparedFile(edit: AdoptPlan["edits"][number], isSettings: boolean, operationId: string): Promise<PreparedFile> {
  const path = await realFile(edit.path)
  const { mode, uid, gid } = await stat(path)
  return {
    swap: await planFileSwap(path, operationId),
    isSettings,
    mode: mode & 0o7777,
    uid,
    gid,
    before: sha256(edit.before),
    after: sha256(edit.after),
  }
}

const swapSchema = z.object({
  live: z.string(),
  staged: z.string(),
  kept: z.string(),
  failed: z.string(),
  existed: z.boolean(),
  removes: z.boolean(),
})

const preparedSchema = z.object({
  vault: z.string(),
  target: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  expectVersion: z.boolean(),
  files: z.array(
    z.object({
      swap: swapSchema,
      isSettings: z.boolean(),
      mode: z.number(),
      uid: z.number(),
      gid: z.number(),
      before: z.string(),
      after: z.string(),
    }),
  ),
  secrets: z.json(),
  images: z.array(z.object({ service: z.string(), reference: z.string(), imageId: z.string(), keptAs: z.string() })),
  beside: z.array(z.string()),
  anew: z.array(z.string()),
  networks: z.array(z.string()),
  volumes: z.array(z.string()),
  profile: z.string().nullable(),
  standstill: z.json(),
})

export function preparedToJson(prepared: Prepared): Json {
  return {
    ...prepared,
    files: prepared.files.map((file) => ({ ...file, swap: { ...file.swap } })),
    secrets: secretsToJson(prepared.secrets),
    images: prepared.images.map((image) => ({ ...image })),
    standstill: standstillToJson(prepared.standstill),
  }
}

/** Reads it back; throws when the journal holds something else (a bug). */
export function preparedFromJson(json: Json): Prepared {
  const read = preparedSchema.parse(json)
  return { ...read, secrets: secretsFromJson(read.secrets), standstill: standstillFromJson(read.standstill) }
}
