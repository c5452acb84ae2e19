/** The documents of `release …`. The rules of `output.ts` hold. */
import { z } from "zod"

const instant = z.iso.datetime()
const count = z.number().int().nonnegative()
/** `sha256:…` */
const digest = z.string()

const release = z.object({
  product: z.string(),
  channel: z.string(),
  version: z.string(),
  sequence: count,
  issued: instant,
  expires: instant,
  images: z.record(z.string(), z.object({ repository: z.string(), digest })),
  yanked: z.array(z.string()),
})

/** `release keygen`; `announcement` is null unless one was made. */
export const releaseKeygenOutput = z.object({
  format: z.literal("holdfast.release-keygen"),
  version: z.literal(1),
  privateKey: z.string(),
  publicKey: z.string(),
  fingerprint: digest,
  announcement: z.string().nullable(),
})

/** `release build` */
export const releaseBuildOutput = z.object({
  format: z.literal("holdfast.release-build"),
  version: z.literal(1),
  file: z.string(),
  release,
})

/** `release sign` */
export const releaseSignOutput = z.object({
  format: z.literal("holdfast.release-sign"),
  version: z.literal(1),
  file: z.string(),
  signatures: z.array(z.string()),
  fingerprint: digest,
})

/** `release publish`, `release promote`, `release yank`: what was published, one for each channel. */
export const releasePublishOutput = z.object({
  format: z.literal("holdfast.release-publish"),
  version: z.literal(1),
  directory: z.string(),
  published: z.array(z.object({ file: z.string(), digest, release })),
})

/** `release verify`; exit code 3 when something is not good. */
export const releaseVerifyOutput = z.object({
  format: z.literal("holdfast.release-verify"),
  version: z.literal(1),
  place: z.string(),
  fingerprint: digest,
  good: z.boolean(),
  channels: z.array(
    z.object({
      channel: z.string(),
      /** Null when it is not to be trusted. */
      release: release.nullable(),
      checks: z.array(z.object({ what: z.string(), good: z.boolean(), code: z.string().nullable(), text: z.string() })),
    }),
  ),
})

export type ReleaseKeygenOutput = z.infer<typeof releaseKeygenOutput>
export type ReleaseBuildOutput = z.infer<typeof releaseBuildOutput>
export type ReleaseSignOutput = z.infer<typeof releaseSignOutput>
export type ReleasePublishOutput = z.infer<typeof releasePublishOutput>
export type ReleaseVerifyOutput = z.infer<typeof releaseVerifyOutput>
