/** The documents of `update check`, `update channel` and `update key`. The rules of `output.ts` hold. */
import { z } from "zod"
import { release } from "./output-update.ts"

const instant = z.iso.datetime()
const channel = z.enum(["stable", "beta", "canary"])
/** `sha256:…` of a public key. */
const fingerprint = z.string()

/** What looking for updates of one app came to. */
export const checkedApp = z.object({
  app: z.string(),
  source: z.enum(["manifest", "registry", "git", "directories"]),
  /** Null for sources without channels. */
  channel: z.string().nullable(),
  /** Null when nothing tells, and when the search failed. */
  running: z.string().nullable(),
  /** In the order in which they are applied, the newest last; empty: nothing newer, unless there is an error. */
  releases: z.array(release),
  lookedAt: instant,
  notices: z.array(z.string()),
  /** Why nothing could be found out; then the releases say nothing. */
  error: z
    .object({ code: z.string(), what: z.string(), why: z.string().nullable(), hint: z.string(), exitCode: z.number().int() })
    .nullable(),
})

/** `update check`; exit code 3 when one of several apps could not be looked for. Of a single app, that is the error itself. */
export const updateCheckOutput = z.object({
  format: z.literal("holdfast.update-check"),
  version: z.literal(1),
  apps: z.array(checkedApp),
})

/** `update channel` */
export const updateChannelOutput = z.object({
  format: z.literal("holdfast.update-channel"),
  version: z.literal(1),
  app: z.string(),
  from: channel,
  to: channel,
  running: z.string(),
  /** The newest release of the new channel. */
  offers: z.string(),
  /** `update`: it has a newer one; `same`: the one that runs; `wait`: what runs is newer than anything there, and stays. */
  effect: z.enum(["update", "same", "wait"]),
  /** The new channel is tested less than the one before. */
  lessTested: z.boolean(),
  /** The vendor withdrew what the new channel offers. */
  yanked: z.boolean(),
  /** The settings file was changed; false for `--plan`, and when the channel was followed already. */
  changed: z.boolean(),
})

/** `update key`; `to` is `from` when there is no other key to take over. */
export const updateKeyOutput = z.object({
  format: z.literal("holdfast.update-key"),
  version: z.literal(1),
  app: z.string(),
  product: z.string(),
  from: fingerprint,
  to: fingerprint,
  /** When the vendor announced it with the key before; null where nobody did. */
  announced: instant.nullable(),
  keyFile: z.string(),
  changed: z.boolean(),
})

export type CheckedApp = z.infer<typeof checkedApp>
export type UpdateCheckOutput = z.infer<typeof updateCheckOutput>
export type UpdateChannelOutput = z.infer<typeof updateChannelOutput>
export type UpdateKeyOutput = z.infer<typeof updateKeyOutput>
