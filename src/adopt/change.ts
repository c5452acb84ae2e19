/** The single changes of an adoption, and taking each back. Every one decides from what exists, so that repeating it is harmless. */
import { chown } from "node:fs/promises"
import { basename } from "node:path"
import type { ComposeProject } from "../app/app.ts"
import { assertPinned } from "../app/compose/pinned.ts"
import type { LocatedApp } from "../app/locate.ts"
import { writeFileDurably } from "../base/durable-file.ts"
import type { RunContext } from "../base/run-context.ts"
import { dropFile, swapFileIn } from "../restore/file-swap.ts"
import { startOld } from "../update/bring-up.ts"
import type { AdoptPlan } from "./adopt-plan.ts"
import { requireSame } from "./as-planned.ts"
import { editedChecks, refuseSurprises } from "./checks.ts"
import { adoptedCopy, giveFileBack, giveSecretBack } from "./give-back.ts"
import type { AdoptTools } from "./ports.ts"
import type { Prepared, PreparedFile } from "./prepared.ts"
import { applySecret } from "./secret-files.ts"
import { untilSteady } from "./verify-adopted.ts"

/** Nothing is pulled: what is not here was not looked at before everything began. */
const HERE = { noDeps: true, neverPull: true } as const

/** The edited files beside the live ones, with their mode and owner. */
export async function stageFiles(plan: AdoptPlan, files: readonly PreparedFile[]): Promise<void> {
  for (const [index, file] of files.entries()) {
    const after = plan.edits[index]?.after
    if (after === undefined) continue
    await dropFile(file.swap.staged)
    await writeFileDurably(file.swap.staged, after, file.mode)
    await chown(file.swap.staged, file.uid, file.gid)
  }
}

/**
 * Compose itself reads the edited files, before anything is started from them (C142). Throws COMPOSE_INVALID, PIN_REFUSED, and
 * ADOPT_SURPRISE when they do not say what they were to say.
 */
export async function validate(tools: AdoptTools, app: LocatedApp, plan: AdoptPlan, prepared: Prepared, ctx: RunContext): Promise<void> {
  const { compose } = app
  if (compose === null) return
  const staged = stagedProject(compose, plan, prepared)
  const model = await tools.containers.compose(staged, ctx)
  // A variable in `.env` counts from `.env` alone, which is staged under another name: it is asked for again once it is in place.
  const hasEnv = prepared.files.some(({ swap }) => basename(swap.live) === ".env")
  if (!hasEnv) assertPinned(model, plan.wanted, plan.tags)
  if (plan.managed !== null) refuseSurprises(plan.app, editedChecks(model, plan.managed))
}

function stagedProject(compose: ComposeProject, { edits }: AdoptPlan, { files, profile }: Prepared): ComposeProject {
  const stagedOf = (path: string): string => files[edits.findIndex((edit) => edit.path === path)]?.swap.staged ?? path
  return { ...compose, files: compose.files.map(stagedOf), profiles: withProfile(compose, profile) }
}

function withProfile({ profiles }: ComposeProject, profile: string | null): readonly string[] {
  return profile === null || profiles.includes(profile) ? profiles : [...profiles, profile]
}

/** @param contents what is written into each file that is made, by path */
export async function writeSecrets(prepared: Prepared, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const change of prepared.secrets) await applySecret(change, contents.get(change.path) ?? null)
}

/** Throws PLAN_STALE where a file was edited meanwhile, PIN_REFUSED where a variable of the environment stands above what `.env` says now. */
export async function swapFilesIn(
  tools: AdoptTools,
  app: LocatedApp,
  plan: AdoptPlan,
  { files }: Prepared,
  ctx: RunContext,
): Promise<void> {
  for (const file of files) {
    await requireSame(file.swap.live, file.before)
    await swapFileIn(file.swap)
  }
  if (app.compose !== null) assertPinned(await tools.containers.compose(app.compose, ctx), plan.wanted, plan.tags)
}

/** Both come up beside the app, which runs on as it did (C145). */
export async function startBeside(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  if (app.compose === null || prepared.beside.length === 0) return
  const project = { ...app.compose, profiles: withProfile(app.compose, prepared.profile) }
  await tools.containers.up(project, prepared.beside, HERE, ctx)
  await untilSteady(tools, app, prepared.beside, ctx)
}

/** What was stopped comes up from the files as they are now, with the restart policy of before. */
export async function startAnew(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  if (app.compose === null) return
  await tools.containers.up(app.compose, prepared.anew, HERE, ctx)
}

/** Files, secrets and services are those of before; what the app runs on is not touched here. */
export async function takeFilesBack(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  if (app.compose !== null && prepared.beside.length > 0) {
    await tools.containers.removeServices?.(app.compose.projectName, prepared.beside, [], ctx)
  }
  for (const file of prepared.files.toReversed()) {
    const isEdited = (await giveFileBack(file, app.name)) === "changed since" && !file.isSettings
    if (isEdited) ctx.progress.warn(`${file.swap.live} was changed meanwhile; what it was is kept as ${adoptedCopy(file)}`)
  }
  for (const change of prepared.secrets.toReversed()) await giveSecretBack(change, ctx)
}

/** Networks go last: the server's container was in them. */
export async function removeNetworks(tools: AdoptTools, app: LocatedApp, { networks }: Prepared, ctx: RunContext): Promise<void> {
  if (app.compose !== null && networks.length > 0) await tools.containers.removeServices?.(app.compose.projectName, [], networks, ctx)
}

export async function dropStaged({ files }: Prepared): Promise<void> {
  for (const { swap } of files) {
    await dropFile(swap.staged)
    await dropFile(swap.failed)
  }
}

/** The names of images mean again what they meant. */
export async function nameOldImages(tools: AdoptTools, { images }: Prepared, ctx: RunContext): Promise<void> {
  for (const { reference, imageId, keptAs } of images) {
    if (reference.includes("@") || reference === imageId) continue
    const present = (await tools.containers.imagePresent(keptAs, ctx)) || (await tools.containers.imagePresent(imageId, ctx))
    if (present) await tools.containers.tagImage(imageId, reference, ctx)
  }
}

export async function letImagesGo(tools: AdoptTools, { images }: Prepared, ctx: RunContext): Promise<void> {
  for (const { keptAs } of images) await tools.containers.untagImage(keptAs, ctx)
}

export async function stopAnew(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  if (app.compose === null) return
  await tools.containers.stopServices(app.compose.projectName, prepared.anew, prepared.standstill.graceSeconds, ctx)
}

/** As it ran before, from the files of before. */
export async function startAsBefore(tools: AdoptTools, app: LocatedApp, prepared: Prepared, ctx: RunContext): Promise<void> {
  const { standstill } = prepared
  await startOld(tools, app, { standstill, services: prepared.anew, dependencies: [], withDependencies: false }, ctx)
}
