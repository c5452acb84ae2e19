/** Names everything that an update replaces and stages the edited files; nothing live is changed. */
import { lstat, open } from "node:fs/promises"
import { dirname } from "node:path"
import type { App, ComposeProject } from "../../app/app.ts"
import { assertPinned } from "../../app/compose/pinned.ts"
import type { PinEdit, PinPlan } from "../../app/compose/pin-images.ts"
import type { ComposeModel, ServiceState } from "../../app/ports.ts"
import { databasesInside } from "../../app/tree/databases-inside.ts"
import { planTreeSwap } from "../../app/tree/swap.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { keptImageName, keepImage } from "../../restore/images.ts"
import { planFileSwap } from "../../restore/file-swap.ts"
import type { Replacement } from "../../restore/replacement.ts"
import { requireOnlyImages } from "./edited-model.ts"
import { composeImage } from "./checkout.ts"
import { realFile } from "./pins.ts"
import type { UpdateTools } from "../ports.ts"
import type { Prepared } from "../prepared.ts"
import { pinnedReference } from "./pull-images.ts"
import { spaceMissing } from "../tree/state.ts"
import type { UpdatePlan } from "../update-plan.ts"

/** Plans each replacement under this operation's own names. */
export async function planReplaced(
  tools: UpdateTools,
  app: App,
  pins: PinPlan,
  plan: Pick<UpdatePlan, "to" | "services">,
  ctx: RunContext,
): Promise<readonly Replacement[]> {
  const databases = app.databases.map((source): Replacement => {
    const names = tools.databases.for(source).planNames(source, ctx.operationId)
    return { kind: "database", part: `database:${source.name}`, source: source.name, names }
  })
  // A link is led elsewhere and back; only files are replaced by others.
  const files = await Promise.all(
    (app.compose === null || plan.to.built !== undefined ? [] : pins.edits).map(async ({ path }): Promise<Replacement> => {
      const swap = await planFileSwap(await realFile(path), ctx.operationId)
      return { kind: "file", part: "configuration", stored: path, swap }
    }),
  )
  const trees = await Promise.all(
    app.files.map(async ({ name, place, exclude }): Promise<Replacement> => {
      if ("volume" in place) throw new Error(`the place of files:${name} is not located`)
      const leaveAlone = [...exclude, ...(await databasesInside(app, place.path))]
      return { kind: "tree", part: `files:${name}`, stored: null, swap: await planTreeSwap(place.path, ctx.operationId, leaveAlone) }
    }),
  )
  const states = app.compose === null ? [] : await tools.containers.services(app.compose.projectName, ctx)
  const replaced =
    app.compose === null || plan.to.built === undefined
      ? images(states, pins, plan, ctx)
      : builtImages(states, await tools.containers.compose(app.compose, ctx), plan, ctx)
  return [...databases, ...files, ...replaced, ...trees]
}

/** The image of each service that is made anew is kept by a name of ours; names that now mean another image are noted with both. */
function images(
  states: readonly ServiceState[],
  pins: PinPlan,
  plan: Pick<UpdatePlan, "to" | "services">,
  ctx: RunContext,
): readonly Replacement[] {
  const kept = states.flatMap(({ service, imageId }): Replacement[] => {
    const image = plan.to.images[service]
    if (image === undefined || !plan.services.includes(service)) return []
    const reference = pinnedReference(image)
    return [imageReplacement({ reference, from: imageId, to: reference, keptAs: keptImageName(imageId, ctx.operationId) })]
  })
  const named = pins.tags.map(({ reference, repository, digest }): Replacement => {
    const from = states.find((state) => state.imageReference === reference)?.imageId ?? null
    return imageReplacement({ reference, from, to: pinnedReference({ repository, digest, tag: null }), keptAs: null })
  })
  return [...kept, ...named]
}

/** What was built here has one name, that of compose: it means the new image then, and the old one is kept by a name of ours. */
function builtImages(
  states: readonly ServiceState[],
  model: ComposeModel,
  plan: Pick<UpdatePlan, "to" | "services">,
  ctx: RunContext,
): readonly Replacement[] {
  return model.services.flatMap((service): Replacement[] => {
    const image = plan.to.images[service.name]
    if (image === undefined || !plan.services.includes(service.name)) return []
    const from = states.find((state) => state.service === service.name)?.imageId ?? null
    const keptAs = from === null ? null : keptImageName(from, ctx.operationId)
    return [imageReplacement({ reference: composeImage(model, service), from, to: pinnedReference(image), keptAs })]
  })
}

function imageReplacement(swap: Extract<Replacement, { kind: "image" }>["swap"]): Replacement {
  return { kind: "image", part: `image:${swap.reference}`, swap }
}

/** Images that a rollback needs get a name that no clean-up takes away. */
export async function keepImages(tools: UpdateTools, prepared: Pick<Prepared, "replacements">, ctx: RunContext): Promise<void> {
  for (const replacement of prepared.replacements) if (replacement.kind === "image") await keepImage(tools, replacement.swap, ctx)
}

/**
 * Writes the edited files beside the live ones and has compose resolve the project with them: nothing but the images of the release may be
 * different. Throws PIN_REFUSED, PLAN_STALE, COMPOSE_INVALID.
 */
export async function stageFiles(
  tools: UpdateTools,
  compose: ComposeProject,
  prepared: Pick<Prepared, "replacements">,
  pins: PinPlan,
  release: InstallableRelease,
  ctx: RunContext,
): Promise<void> {
  const staged = new Map<string, string>()
  for (const { edit, file } of editedFiles(prepared, pins)) {
    await writeStaged(file.swap.live, file.swap.staged, edit.after)
    staged.set(edit.path, file.swap.staged)
  }
  const envFiles = [...staged].filter(([path]) => !compose.files.includes(path)).map(([, beside]) => beside)
  const edited = {
    ...compose,
    files: compose.files.map((path) => staged.get(path) ?? path),
    ...(envFiles.length === 0 ? {} : { envFiles }),
  }
  const [before, after] = [await tools.containers.compose(compose, ctx), await tools.containers.compose(edited, ctx)]
  assertPinned(after, release.images, pins.tags)
  requireOnlyImages(before, after, Object.keys(release.images))
}

type File = Extract<Replacement, { kind: "file" }>

function editedFiles(prepared: Pick<Prepared, "replacements">, pins: PinPlan): readonly { edit: PinEdit; file: File }[] {
  return pins.edits.flatMap((edit) => {
    const file = prepared.replacements.find((one): one is File => one.kind === "file" && one.stored === edit.path)
    return file === undefined ? [] : [{ edit, file }]
  })
}

async function writeStaged(live: string, staged: string, text: string): Promise<void> {
  const { mode, uid, gid } = await lstat(live)
  const file = await open(staged, "w", 0o600)
  try {
    await file.writeFile(text)
    await file.chown(uid, gid)
    await file.chmod(mode & 0o7777)
    await file.sync()
  } catch (thrown) {
    throw spaceMissing(thrown, dirname(staged))
  } finally {
    await file.close()
  }
}
