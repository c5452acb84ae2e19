import { z } from "zod"
import { HoldfastError } from "../../base/errors.ts"

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)

export const tagsSchema = z.object({ tags: z.array(z.string()).nullable().optional() })

/** An image, or an index of images for several platforms. */
export const manifestSchema = z.object({
  config: z.object({ digest }).optional(),
  manifests: z
    .array(
      z.object({
        digest,
        platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
      }),
    )
    .optional(),
})

export type ImageManifest = z.infer<typeof manifestSchema>

export const configurationSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  created: z.iso.datetime({ offset: true }).optional(),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
})

export const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() })

/** What cosign stores under the tag of an image's signatures: each layer is a payload, its annotation the signature of it. */
export const signatureManifestSchema = z.object({
  layers: z.array(z.object({ digest, mediaType: z.string(), annotations: z.record(z.string(), z.string()).optional() })).max(100),
})

/** What a registry said, or REGISTRY_FAILED. */
export function parseDocument<T>(schema: z.ZodType<T>, body: Uint8Array, registry: string): T {
  const parsed = schema.safeParse(parseJson(Buffer.from(body).toString("utf8")))
  if (parsed.success) return parsed.data
  throw new HoldfastError("REGISTRY_FAILED", {
    what: `${registry} answered with something that is not understood`,
    why: parsed.error.issues[0]?.path.join(".") ?? "unknown",
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
