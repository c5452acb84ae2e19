/** Client of a web server that serves signed releases. It fetches bytes and judges none of them. */
import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { Channel } from "../../release/manifest.ts"
import type { FetchContext, ReleaseSource, ReleaseSources, SignedDocument } from "../../release/ports.ts"
import type { Signature } from "../../release/signature.ts"
import { addressOf, fileAddressOf } from "./address.ts"
import { download } from "./download.ts"

export interface Limits {
  /** For one file, from the first byte to the last. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

const LIMITS: Limits = { timeoutMs: 30_000, maxBytes: 1024 * 1024 }

/** Names below an address, as `src/release/place.ts` writes them. */
export interface Places {
  readonly latest: (channel: Channel) => string
  readonly issue: (version: string, channel: Channel, sequence: number) => string
  readonly announcement: string
  readonly publicKey: string
  readonly signatureEnding: string
  readonly bundleEnding: string
}

/** Sources by address. */
export function createReleaseSources(places: Places, limits: Limits = LIMITS): ReleaseSources {
  return {
    open: (address) => sourceAt(addressOf(address), places, limits),
    keyAt: async (address, ctx) => await download(fileAddressOf(address), { ...limits, signal: ctx.signal }),
  }
}

function sourceAt(address: URL, places: Places, limits: Limits): ReleaseSource {
  const fetchFile = async (file: string, ctx: FetchContext): Promise<Uint8Array> =>
    await download(new URL(file, address), { ...limits, signal: ctx.signal })
  const optional = async (file: string, ctx: FetchContext): Promise<Uint8Array | null> => {
    try {
      return await fetchFile(file, ctx)
    } catch (thrown) {
      if (isHoldfastError(thrown, "RELEASE_UNKNOWN")) return null
      throw thrown
    }
  }
  const signatureOf = async (file: string, ctx: FetchContext): Promise<Signature | null> => {
    const detached = await optional(file + places.signatureEnding, ctx)
    if (detached !== null) return { kind: "detached", content: detached }
    const bundle = await optional(file + places.bundleEnding, ctx)
    return bundle === null ? null : { kind: "bundle", content: bundle }
  }
  const signed = async (file: string, ctx: FetchContext): Promise<SignedDocument> => {
    const bytes = await fetchFile(file, ctx)
    return { bytes, signature: await signatureOf(file, ctx) }
  }
  return {
    latest: async (channel, ctx) => await unchanging(async () => await signed(places.latest(channel), ctx)),
    issue: async (version, channel, sequence, ctx) => await signed(places.issue(version, channel, sequence), ctx),
    announcement: async (ctx) => {
      const bytes = await optional(places.announcement, ctx)
      return bytes === null ? null : { bytes, signature: await signatureOf(places.announcement, ctx) }
    },
    publicKey: async (ctx) => Buffer.from(await fetchFile(places.publicKey, ctx)).toString("utf8"),
  }
}

/** While a release is being published, a document and what lies beside it may be of two releases: looked at until twice the same. */
async function unchanging(look: () => Promise<SignedDocument>): Promise<SignedDocument> {
  let before = await look()
  for (let looks = 1; looks < 5; looks += 1) {
    const now = await look()
    if (isSame(before, now)) return now
    before = now
  }
  throw new HoldfastError("RELEASE_SOURCE_UNREACHABLE", { what: "the newest release changes each time that it is fetched" })
}

function isSame(left: SignedDocument, right: SignedDocument): boolean {
  const parts = (one: SignedDocument): readonly Uint8Array[] => [one.bytes, one.signature?.content ?? new Uint8Array()]
  const [first, second] = [parts(left), parts(right)]
  return first.every((bytes, index) => Buffer.compare(bytes, second[index] ?? new Uint8Array()) === 0)
}
