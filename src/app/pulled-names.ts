/**
 * The name that an image has while an operation needs it. One that was pulled by its digest alone has none, and `docker image prune` takes
 * what has none. A repository of its own: where the last tag of a repository goes, its digests go with it.
 */
import { z } from "zod"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ContainerEngine } from "./ports.ts"

const REPOSITORY = "holdfast-pulled"
const listSchema = z.array(z.string()).catch([])
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

/** Where it is noted which operations still have names; what the store of operations keeps beside them. */
export interface Notes {
  value(key: string): Promise<string | null>
  setValue(key: string, content: string): Promise<void>
}

export interface PulledTools {
  readonly containers: Pick<ContainerEngine, "imageNames" | "untagImage">
  readonly store: Notes
}

const OWED = "pulled-names-owed"

/**
 * The operation is over, or containers run from its images: its names go, the images stay. What cannot be taken away now, because the engine
 * is just away, is noted for `letOwedGo`. Repeating it is harmless.
 */
export async function letPulledGo({ containers, store }: PulledTools, operationId: string, ctx: RunContext): Promise<void> {
  try {
    await untagAll(containers, [operationId], ctx)
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown
    await store.setValue(OWED, JSON.stringify([...new Set([...(await owedIn(store)), operationId])]))
    ctx.progress.warn(`a name that pulled images had is taken away by a later command: ${thrown.why ?? messageOf(thrown)}`)
  }
}

/** Names that were left when their operation ended; the engine is asked only where there are some. One that is still away is asked another time. */
export async function letOwedGo(store: Notes, engine: () => Promise<PulledTools["containers"]>, ctx: RunContext): Promise<void> {
  const owed = await owedIn(store)
  if (owed.length === 0) return
  try {
    await untagAll(await engine(), owed, ctx)
    await store.setValue(OWED, "[]")
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown
  }
}

async function untagAll(containers: PulledTools["containers"], operationIds: readonly string[], ctx: RunContext): Promise<void> {
  const theirs = (await pulledNames(containers, ctx)).filter((one) => operationIds.includes(one.operationId))
  for (const { name } of theirs) await containers.untagImage(name, ctx)
}

async function owedIn(store: Notes): Promise<readonly string[]> {
  const text = await store.value(OWED)
  return text === null ? [] : listSchema.parse(JSON.parse(text))
}
