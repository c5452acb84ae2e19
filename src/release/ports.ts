/** What trust in releases asks of the outside: where signed releases are served, and a registry of images. Implemented by tools. */
import type { RunContext } from "../base/run-context.ts"
import type { Channel } from "./manifest.ts"
import type { Signature } from "./signature.ts"

/** Bytes as they were served, and what lay beside them. Nothing is looked at yet. */
export interface SignedDocument {
  readonly bytes: Uint8Array
  readonly signature: Signature | null
}

export type FetchContext = Pick<RunContext, "signal">

/**
 * One address that releases are served from. Bounded in size and time; no other host is ever asked; without encryption only on this
 * machine. Throws RELEASE_SOURCE_UNREACHABLE, RELEASE_SOURCE_REFUSED, and RELEASE_UNKNOWN for what is not there.
 */
export interface ReleaseSource {
  latest(channel: Channel, ctx: FetchContext): Promise<SignedDocument>
  /** An earlier issue, whose digest a trusted release names. */
  issue(version: string, channel: Channel, sequence: number, ctx: FetchContext): Promise<SignedDocument>
  /** The vendor's announcement of a new key; null when there is none. */
  announcement(ctx: FetchContext): Promise<SignedDocument | null>
  /** The public key as it is served: worth nothing before its fingerprint was compared. */
  publicKey(ctx: FetchContext): Promise<string>
}

export interface ReleaseSources {
  /** Throws RELEASE_SOURCE_REFUSED for an address that is none, or is not encrypted. */
  open(address: string): ReleaseSource
  /** The public key as a vendor serves it at an address of its own: worth nothing before it was compared. Throws as a source does. */
  keyAt(address: string, ctx: FetchContext): Promise<Uint8Array>
}

/** `linux/amd64`, `linux/arm64/v8`. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant: string | null
}

export interface ResolvedImage {
  /** Of what the tag names: this is what is pinned. */
  readonly digest: string
  /** Of the image for the platform; the same, when the tag names just one image. */
  readonly platformDigest: string
  /** Labels of the image's configuration: where it comes from, its version, its notes. */
  readonly labels: Readonly<Record<string, string>>
  readonly created: Date | null
}

/** What lies beside an image in its repository as a signature of it. Nothing is looked at yet. */
export interface ImageSignature {
  /** The bytes that were signed: they name the image. */
  readonly payload: Uint8Array
  /** Base64 of the signature's DER. */
  readonly signature: string
}

/** The HTTP interface of registries. Throws REGISTRY_FAILED, REGISTRY_AUTH_FAILED, IMAGE_TAG_MISSING, IMAGE_PLATFORM_MISSING. */
export interface ImageRegistry {
  /** All tags of `registry.example/chat/server`, in the registry's order. */
  tags(repository: string, ctx: FetchContext): Promise<readonly string[]>
  /** The digest of what a tag names, whatever platforms it is for. */
  digest(repository: string, tag: string, ctx: FetchContext): Promise<string>
  /** Digest and labels of what a tag, or a digest, names. Its bytes are checked against the digest. */
  resolve(repository: string, reference: string, platform: Platform, ctx: FetchContext): Promise<ResolvedImage>
  /** The signatures that cosign stored for a digest; none where there are none. */
  signatures(repository: string, digest: string, ctx: FetchContext): Promise<readonly ImageSignature[]>
}
