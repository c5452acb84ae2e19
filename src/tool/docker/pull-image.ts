/** Brings an image to this machine by its digest, and proves that it is that one and made for this machine. */
import { z } from "zod"
import { HoldfastError, type ErrorCode } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { cliError } from "./engine-error.ts"

/** Kept as it is when the image is present already: a digest never comes to mean something else. */
const BY_DIGEST = /^(?<repository>[^@\s]+)@(?<digest>sha256:[0-9a-f]{64})$/

const imageSchema = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  Os: z.string(),
  Architecture: z.string(),
})
const versionSchema = z.object({ Os: z.string(), Arch: z.string() })

type Image = z.infer<typeof imageSchema>

/**
 * By the engine's CLI, so that it signs in to the registry as `docker login` on this host has set it up; nothing that runs is touched.
 * Throws IMAGE_MISSING, IMAGE_PLATFORM_MISSING, REGISTRY_AUTH_FAILED, REGISTRY_FAILED, SPACE_MISSING.
 */
export async function pullImage(client: Client, reference: string, ctx: RunContext): Promise<{ readonly imageId: string }> {
  const { repository = "", digest = "" } = BY_DIGEST.exec(reference)?.groups ?? {}
  if (digest === "") {
    throw new HoldfastError("IMAGE_MISSING", {
      what: `${reference} is not pulled, because it is not named by its digest`,
      hint: "Name the image as repository@sha256:…; a tag may mean another image tomorrow.",
    })
  }
  const present = await inspectImage(client, reference, ctx)
  if (present === null) await pull(client, reference, repository, ctx)
  const image = present ?? (await inspectImage(client, reference, ctx))
  if (image?.RepoDigests?.some((each) => each.endsWith(`@${digest}`)) !== true) {
    const have = image?.RepoDigests?.join(", ") ?? "nothing"
    throw new HoldfastError("IMAGE_MISSING", { what: `the engine does not have ${reference} after pulling it`, why: `it has ${have}` })
  }
  try {
    await requirePlatform(client, reference, image, ctx)
  } catch (thrown) {
    if (present === null) await client.docker(["image", "rm", "--no-prune", reference], ctx)
    throw thrown
  }
  return { imageId: image.Id }
}

async function inspectImage(client: Client, reference: string, ctx: RunContext): Promise<Image | null> {
  const what = `cannot inspect image ${reference}`
  const shown: unknown = await client.find(what, ctx, async (api): Promise<unknown> => await api.getImage(reference).inspect())
  return shown === null ? null : imageSchema.parse(shown)
}

async function pull(client: Client, reference: string, repository: string, ctx: RunContext): Promise<void> {
  const pulled = await client.docker(["pull", "--quiet", reference], ctx)
  if (pulled.exitCode === 0) return
  const [, code, hint] = FAILURES.find(([pattern]) => pattern.test(pulled.stderrTail)) ?? OTHER
  const error = cliError(code, `image ${reference} could not be pulled`, pulled.stderrTail)
  if (hint === null || error.code !== code) throw error
  throw new HoldfastError(code, { what: error.message, why: pulled.stderrTail, hint: hint(repository) })
}

type Failure = readonly [RegExp, ErrorCode, ((repository: string) => string) | null]

const OTHER: Failure = [/^/, "REGISTRY_FAILED", null]

/** In this order: a registry that hides what it has says "denied" and "does not exist" in one line. */
const FAILURES: readonly Failure[] = [
  [/no matching manifest|does not match the specified platform/i, "IMAGE_PLATFORM_MISSING", null],
  [/no space left on device/i, "SPACE_MISSING", () => "Free space where the Docker engine keeps its images; nothing was changed."],
  [
    /unauthorized|authentication required|no basic auth credentials|access denied|denied:|403 forbidden/i,
    "REGISTRY_AUTH_FAILED",
    (repository) => `Run \`docker login ${registryOf(repository)}\` on this host as the user that Holdfast runs as, then run it again.`,
  ],
  [
    /manifest unknown|manifest for \S+ not found|name unknown|repository name not known|: not found/i,
    "IMAGE_MISSING",
    () => "The registry does not have this digest, or no longer; ask whoever published it.",
  ],
]

function registryOf(repository: string): string {
  const [first = "", ...rest] = repository.split("/")
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : ""
}

/** A digest may name the image of another platform alone; the engine pulls it without a word, and it would not start. */
async function requirePlatform(client: Client, reference: string, image: Image, ctx: RunContext): Promise<void> {
  const asked = "cannot ask the engine for its platform"
  const version = versionSchema.parse(await client.call(asked, ctx, async (api): Promise<unknown> => await api.version()))
  if (image.Os === version.Os && image.Architecture === version.Arch) return
  throw new HoldfastError("IMAGE_PLATFORM_MISSING", {
    what: `image ${reference} is made for ${image.Os}/${image.Architecture}, and this engine runs ${version.Os}/${version.Arch}`,
  })
}
