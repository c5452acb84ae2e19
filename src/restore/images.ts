import type { App } from "../app/app.ts"
import { isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ImagePart } from "../recovery-point/manifest.ts"
import { partItem } from "../recovery-point/recovery-point.ts"
import type { Origin } from "./origin.ts"
import type { RestoreTools } from "./ports.ts"

/** What one name of an image means: `to` after the swap, `from` before it; null when no container told. */
export interface ImageSwap {
  readonly reference: string
  readonly from: string | null
  readonly to: string
  /** The name that `from` has while it is kept, so that no clean-up takes it for nobody's; null where nothing is kept. */
  readonly keptAs: string | null
}

/** Makes the point's own images available by their ids. No name moves: the live app's next start is not affected. */
export async function loadImages(tools: RestoreTools, origin: Origin, parts: readonly ImagePart[], ctx: RunContext): Promise<void> {
  for (const part of parts) {
    if (await tools.containers.imagePresent(part.imageId, ctx)) continue
    const item = await partItem(origin.vault, origin.point, part.part, ctx)
    await origin.vault.backend.readStream(
      origin.vault.location,
      item,
      part.fileName,
      async (source) => await tools.containers.loadImage(source, part.imageId, part.imageId, ctx),
      ctx,
    )
  }
}

/** The image that runs under this name now is what going back goes back to. Nothing is changed. */
export async function planImageSwap(tools: RestoreTools, app: App, part: ImagePart, ctx: RunContext): Promise<ImageSwap> {
  const states = app.compose === null ? [] : await tools.containers.services(app.compose.projectName, ctx)
  const from = states.find((state) => state.imageReference === part.reference)?.imageId ?? null
  const keptAs = from === null || from === part.imageId ? null : keptImageName(from, ctx.operationId)
  return { reference: part.reference, from, to: part.imageId, keptAs }
}

/** The name that an operation gives to an image that it keeps. */
export function keptImageName(imageId: string, operationId: string): string {
  return `holdfast-kept:${operationId}-${imageId.replace(/^sha256:/, "").slice(0, 12)}`
}

/** Gives the image that is about to lose its name one of its own: `docker image prune` takes those that have none. */
export async function keepImage(tools: RestoreTools, { from, keptAs }: ImageSwap, ctx: RunContext): Promise<void> {
  if (from === null || keptAs === null || !(await tools.containers.imagePresent(from, ctx))) return
  await tools.containers.tagImage(from, keptAs, ctx)
}

/** Nobody keeps it any more. An engine that refuses (a container still has it) loses nothing by one name too many. */
export async function letImageGo(tools: RestoreTools, { keptAs }: ImageSwap, ctx: RunContext): Promise<void> {
  if (keptAs === null) return
  try {
    await tools.containers.untagImage(keptAs, ctx)
  } catch (thrown) {
    if (!isHoldfastError(thrown, "TOOL_FAILED")) throw thrown
    ctx.progress.warn(`the image ${keptAs} stays: ${thrown.why ?? messageOf(thrown)}`)
  }
}

/** Gives the name to one of the two images. One that was run by its id or digest has no name to give; repeating it is harmless. */
export async function nameImage(
  tools: RestoreTools,
  { reference, from, to }: Omit<ImageSwap, "keptAs">,
  which: "from" | "to",
  ctx: RunContext,
): Promise<void> {
  const imageId = which === "to" ? to : from
  if (imageId === null || reference === imageId || reference.includes("@")) return
  await tools.containers.tagImage(imageId, reference, ctx)
}

/** The other way round. Where nobody knows what the name meant before, it stays as it is. */
export function exchangedImage(swap: ImageSwap): ImageSwap {
  return swap.from === null ? swap : { ...swap, from: swap.to, to: swap.from }
}
