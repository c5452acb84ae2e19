import { z } from "zod"
import { canonicalJson, type Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import { issueText } from "./issue-text.ts"
import { readStrictJson } from "./strict-json.ts"
import { isEarlier, parseVersion } from "./version.ts"

/** Most to least tested (C154). */
export const channels = ["stable", "beta", "canary"] as const

export type Channel = (typeof channels)[number]

/** Sequence numbers stay far below what a number can hold exactly, so that one leap cannot use them up (F119). */
export const MAX_SEQUENCE = 2 ** 40

const DIGEST = /^sha256:[0-9a-f]{64}$/
/** Registry, then path; no tag, no digest. Anchored: a pattern that is found somewhere inside proves nothing (F125). */
const REPOSITORY = /^[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*){1,8}$/

const name = z.string().regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/)
const digest = z.string().regex(DIGEST)
const repository = z.string().max(255).regex(REPOSITORY)
const sequence = z.number().int().min(1).max(MAX_SEQUENCE)
const instant = z.iso.datetime({ precision: 0 })
const version = z
  .string()
  .max(100)
  .refine((text) => /^[0-9]+\.[0-9]+\.[0-9]/.test(text) && parseVersion(text)?.variant === "", "is no version such as 1.4.0 or 1.4.0-rc.1")
const argument = z.string().min(1).max(4096)

/** Runs in a sandbox of the new image, never on the host. */
const command = z.strictObject({ image: name, command: z.array(argument).min(1).max(64) })

/** An earlier release of the channel that a jump may have to pass; its manifest is authentic by this digest. */
const hop = z.strictObject({ version, sequence, upgradesFrom: version.nullable(), manifest: digest })

const manifestSchema = z.strictObject({
  format: z.literal("holdfast.release"),
  formatVersion: z.literal(1),
  product: name,
  channel: z.enum(channels),
  version,
  /** Grows with everything that is published in the channel. */
  sequence,
  issued: instant,
  expires: instant,
  images: z.record(name, z.strictObject({ repository, digest })),
  /** The lowest version that may be updated to this one directly; null for any. */
  upgradesFrom: version.nullable(),
  /** Must end with 0 before anything is changed. */
  preFlight: command.nullable(),
  migrate: command.nullable(),
  /** What the schema's version is afterwards, as the app reports it. */
  schemaVersion: z.string().max(200).nullable(),
  notes: z.string().max(64 * 1024),
  /** Versions that were withdrawn. */
  yanked: z.array(version).max(1000),
  hops: z.array(hop).max(500),
})

export type ReleaseManifest = z.infer<typeof manifestSchema>
export type Hop = z.infer<typeof hop>

/**
 * A manifest from bytes that were verified before. Every member is known: one that this reader does not know could mean something to
 * another. Only members of the outermost object whose names begin with `x-` are for the vendor's own use, and are left out.
 * Throws RELEASE_INVALID.
 */
export function readManifest(bytes: Uint8Array): ReleaseManifest {
  const reading = readStrictJson(bytes)
  if (!reading.ok) throw invalid(reading.why)
  return checkManifest(withoutVendorsOwn(reading.value))
}

/** The text that we sign: sorted keys, one line, one line feed. Throws RELEASE_INVALID for what no reader would accept. */
export function canonicalManifest(manifest: ReleaseManifest): string {
  return `${canonicalJson(checkManifest(manifest))}\n`
}

function checkManifest(value: unknown): ReleaseManifest {
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success) throw invalid(issueText(parsed.error))
  const problem = contradictionIn(parsed.data)
  if (problem !== null) throw invalid(problem)
  return parsed.data
}

function withoutVendorsOwn(value: Json): Json {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith("x-")))
}

/** What each member allows and all of them together do not. */
function contradictionIn(manifest: ReleaseManifest): string | null {
  const { images, upgradesFrom, hops } = manifest
  if (Object.keys(images).length === 0) return "images: there is none"
  if (Date.parse(manifest.expires) <= Date.parse(manifest.issued)) return "expires: it is not after issued"
  for (const [step, told] of Object.entries({ preFlight: manifest.preFlight, migrate: manifest.migrate })) {
    if (told !== null && !Object.hasOwn(images, told.image)) return `${step}: there is no image ${told.image}`
  }
  if (upgradesFrom !== null && !isEarlier(upgradesFrom, manifest.version)) return "upgradesFrom: it is not before version"
  const stray = hops.find((one) => !isEarlier(one.version, manifest.version) || one.sequence >= manifest.sequence)
  if (stray !== undefined) return `hops: ${stray.version} is not before this release`
  const open = hops.find((one) => one.upgradesFrom !== null && !isEarlier(one.upgradesFrom, one.version))
  if (open !== undefined) return `hops: ${open.version} upgrades from what is not before it`
  return new Set(hops.map((one) => one.version)).size < hops.length ? "hops: a version is there twice" : null
}

function invalid(why: string): HoldfastError {
  return new HoldfastError("RELEASE_INVALID", { what: "the release manifest is not valid", why })
}
