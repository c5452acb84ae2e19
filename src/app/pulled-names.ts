/**
 * The name that an image has while an operation needs it. One that was pulled by its digest alone has none, and `docker image prune` takes
 * what has none. A repository of its own: where the last tag of a repository goes, its digests go with it.
 */
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ContainerEngine } from "./ports.ts"

const REPOSITORY = "holdfast-pulled"
const NAME = new RegExp(`^${REPOSITORY}:(?<operationId>.+)-[0-9a-f]{12}$`)

/** @param reference `repository@sha256:…`. Throws IMAGE_MISSING where the image is no longer here. */
export async function namePulled(containers: Pick<ContainerEngine, "tagImage">, reference: string, ctx: RunContext): Promise<void> {
  const digest = reference.slice(reference.indexOf("@sha256:") + "@sha256:".length)
  await containers.tagImage(reference, `${REPOSITORY}:${ctx.operationId}-${digest.slice(0, 12)}`, ctx)
}

/** Every such name that is there, with the operation that gave it. */
export async function pulledNames(
  containers: Pick<ContainerEngine, "imageNames">,
  ctx: RunContext,
): Promise<readonly { readonly operationId: string; readonly name: string }[]> {
  const names = (await containers.imageNames?.(REPOSITORY, ctx)) ?? []
  return names.flatMap((name) => {
    const operationId = NAME.exec(name)?.groups?.["operationId"]
    return operationId === undefined ? [] : [{ operationId, name }]
  })
}

/** An engine that is started anew answers again within seconds; the operation is over, so nobody waits for this. */
const PATIENCE_MS = 15_000
const PAUSE_MS = 500

/**
 * The operation is over, or containers run from its images: its names go, the images stay. One that cannot be taken away within 15 s loses
 * nothing; `doctor` shows it. Repeating it is harmless.
 */
export async function letPulledGo(
  containers: Pick<ContainerEngine, "imageNames" | "untagImage">,
  operationId: string,
  ctx: RunContext,
): Promise<void> {
  const deadlineMs = ctx.clock.monotonicMs() + PATIENCE_MS
  for (;;) {
    try {
      const own = (await pulledNames(containers, ctx)).filter((one) => one.operationId === operationId)
      for (const { name } of own) await containers.untagImage(name, ctx)
      return
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown
      if (ctx.signal.aborted || ctx.clock.monotonicMs() >= deadlineMs) {
        ctx.progress.warn(`a name that pulled images had was not taken away: ${thrown.why ?? messageOf(thrown)}`)
        return
      }
    }
    await ctx.clock.sleep(PAUSE_MS)
  }
}
