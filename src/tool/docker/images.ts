import { z } from "zod"
import type { DumpSink, DumpSource } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { cliError } from "./engine-error.ts"

const imageSchema = z.object({ Id: z.string() })
const digestsSchema = z.object({ RepoDigests: z.array(z.string()).nullish() })

/** The image's id, null when the engine does not have it. */
export async function findImage(client: Client, reference: string, ctx: RunContext): Promise<string | null> {
  const what = `cannot inspect image ${reference}`
  const shown: unknown = await client.find(what, ctx, async (api): Promise<unknown> => await api.getImage(reference).inspect())
  return shown === null ? null : imageSchema.parse(shown).Id
}

const namedSchema = z.array(z.object({ RepoTags: z.array(z.string()).nullish() }))

/** Every name that an image has in this repository. */
export async function imageNames(client: Client, repository: string, ctx: RunContext): Promise<readonly string[]> {
  const filters = { reference: [repository] }
  const listed: unknown = await client.call("cannot list images", ctx, async (api): Promise<unknown> => await api.listImages({ filters }))
  // An image that is found by one name tells all of its names.
  return namedSchema.parse(listed).flatMap(({ RepoTags }) => (RepoTags ?? []).filter((name) => name.startsWith(`${repository}:`)))
}

/** By id, so that the archive carries no tags: loading it again can never move one. Throws IMAGE_MISSING. */
export async function saveImage(client: Client, imageId: string, sink: DumpSink, ctx: RunContext): Promise<void> {
  if ((await findImage(client, imageId, ctx)) === null)
    throw new HoldfastError("IMAGE_MISSING", { what: `the engine has no image ${imageId}` })
  const saved = await client.docker(["save", imageId], ctx, { stdout: { fd: sink.fd } })
  if (saved.exitCode !== 0) throw cliError("TOOL_FAILED", `cannot save image ${imageId}`, saved.stderrTail)
}

/** Throws FILES_DIFFER when what was loaded is not the image of that id: an id is the digest of the image's configuration. */
export async function loadImage(client: Client, source: DumpSource, imageId: string, reference: string, ctx: RunContext): Promise<void> {
  const signal = source.signal === undefined ? ctx.signal : AbortSignal.any([ctx.signal, source.signal])
  const loaded = await client.docker(["load", "--quiet"], { ...ctx, signal }, { stdin: { fd: source.fd } })
  if (loaded.exitCode !== 0) throw cliError("TOOL_FAILED", `cannot load image ${reference}`, loaded.stderrTail)
  if ((await findImage(client, imageId, ctx)) !== imageId) {
    throw new HoldfastError("FILES_DIFFER", { what: `the archive does not hold image ${imageId}`, why: loaded.stdout.trim() })
  }
  // A reference by digest or id is not a name that an image can be given; then the id alone has to do.
  if (reference !== imageId && !reference.includes("@")) await tagImage(client, imageId, reference, ctx)
}

/** Throws IMAGE_MISSING; TOOL_FAILED when the reference is not a name that an image can have. */
export async function tagImage(client: Client, imageId: string, reference: string, ctx: RunContext): Promise<void> {
  const shown: unknown = await client.find(
    `cannot inspect image ${imageId}`,
    ctx,
    async (api): Promise<unknown> => await api.getImage(imageId).inspect(),
  )
  if (shown === null) throw new HoldfastError("IMAGE_MISSING", { what: `the engine has no image ${imageId}` })
  // A socket proxy lets repositories through that it knows: an id tells it nothing, a digest does and is as exact.
  const [name = imageId] = digestsSchema.parse(shown).RepoDigests ?? []
  const tagged = await client.docker(["tag", name, reference], ctx)
  if (tagged.exitCode !== 0) throw cliError("TOOL_FAILED", `cannot tag image ${imageId} as ${reference}`, tagged.stderrTail)
}

/** Throws TOOL_FAILED when the engine refuses, for example because a container that does not run was made by this name. */
export async function untagImage(client: Client, reference: string, ctx: RunContext): Promise<void> {
  if ((await findImage(client, reference, ctx)) === null) return
  const removed = await client.docker(["image", "rm", "--no-prune", reference], ctx)
  if (removed.exitCode !== 0) throw cliError("TOOL_FAILED", `cannot take the name ${reference} from its image`, removed.stderrTail)
}
