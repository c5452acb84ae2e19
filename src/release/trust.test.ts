import { sign } from "node:crypto"
import { describe, expect, it } from "vitest"
import { exampleKey, exampleRelease, exampleRules, NOW, REPOSITORY } from "../../test/fixture/release.ts"
import { sha256 } from "../base/canonical-json.ts"
import { isHoldfastError } from "../base/errors.ts"
import { channelNamed, planChannelChange } from "./channel.ts"
import { fetchChain, fetchLatest } from "./fetch-release.ts"
import { announcementText, confirmKey, readKeyAnnouncement } from "./key-rotation.ts"
import { canonicalManifest, type Hop, type ReleaseManifest } from "./manifest.ts"
import type { ReleaseSource, SignedDocument } from "./ports.ts"
import { pinKey } from "./public-key.ts"
import { refuseYanked, trustHop, trustRelease, type TrustedRelease } from "./trust.ts"

const key = exampleKey()
const other = exampleKey()
const signed = (text: string, by = key): SignedDocument => ({
  bytes: Buffer.from(text),
  signature: { kind: "detached", content: Buffer.from(sign("sha256", Buffer.from(text), by.privateKey).toString("base64")) },
})
const release = (more: Partial<ReleaseManifest> = {}): SignedDocument => signed(canonicalManifest(exampleRelease(more)))
const rules = exampleRules(key.pinned)
const ctx = { signal: new AbortController().signal }
const trusted = async (more: Partial<ReleaseManifest> = {}): Promise<TrustedRelease> => {
  const { bytes, signature } = release(more)
  return await trustRelease(bytes, signature, { ...rules, channel: more.channel ?? "stable" })
}

describe("trust in a release", () => {
  it("is of exactly the bytes that were verified, whatever becomes of the buffer meanwhile", async () => {
    const { bytes, signature } = release()
    const trusting = trustRelease(bytes, signature, rules)
    bytes.fill(0x20)

    expect((await trusting).manifest).toEqual(exampleRelease())
  })

  it("says in each refusal what was found and what was expected", async () => {
    const refusal = async (more: Partial<ReleaseManifest>, changed = {}): Promise<string> => {
      const { bytes, signature } = release(more)
      const attempt = trustRelease(bytes, signature, { ...rules, ...changed })
      return await attempt.then(
        () => "accepted",
        (thrown: unknown) => (isHoldfastError(thrown) ? `${thrown.message}; ${thrown.why ?? ""}` : "bug"),
      )
    }
    const seen = { sequence: 9, digest: `sha256:${"0".repeat(64)}` }

    expect(await refusal({ product: "wiki" })).toBe("this is a release of wiki, not of chat; ")
    expect(await refusal({ channel: "beta" })).toBe("this is a release for beta, not for stable; ")
    expect(await refusal({}, { highestSeen: seen })).toBe(
      "the release is older than one that was seen before; its sequence is 7, the highest seen is 9",
    )
    expect(await refusal({ sequence: 9 }, { highestSeen: seen })).toBe("another release with sequence 9 was seen before; ")
    expect(await refusal({ sequence: 200_000 }, { highestSeen: seen })).toBe(
      "the sequence of the release leaps; from 9 to 200000; 100000 is the most",
    )
    expect(await refusal({ expires: "2026-04-19T11:00:00Z" })).toBe("the release expired at 2026-04-19T11:00:00Z; ")
    expect(await refusal({ issued: "2026-04-20T00:00:00Z" })).toBe(
      `the release is of 2026-04-20T00:00:00Z, and here it is ${NOW.toISOString()}; `,
    )
    expect(await refusal({}, { repositories: ["registry.example/wiki"] })).toBe(
      `images of ${REPOSITORY} are not allowed; allowed: registry.example/wiki`,
    )
    expect(await refusal({}, { repositories: ["registry.example/a", "registry.example/b"] })).toBe(
      `images of ${REPOSITORY} are not allowed; allowed: registry.example/a, registry.example/b`,
    )
    expect(await refusal({}, { repositories: [] })).toBe(`images of ${REPOSITORY} are not allowed; allowed: none`)
  })

  it("ends for a version that was withdrawn, by whichever release says so", async () => {
    const newest = await trusted({ yanked: ["1.3.1", "1.4.0"] })

    expect(() => refuseYanked("1.3.0", newest)).not.toThrow()
    expect(() => refuseYanked("1.4.0", newest)).toThrow("chat 1.4.0 was withdrawn by its vendor")
  })
})

describe("a release on the way", () => {
  const earlier = canonicalManifest(exampleRelease({ version: "1.3.0", sequence: 5, upgradesFrom: null, expires: "2026-04-19T10:00:01Z" }))
  const hop: Hop = { version: "1.3.0", sequence: 5, upgradesFrom: null, manifest: sha256(earlier) }

  it("is authentic by the digest that the newest one names, also when its own time is over", () => {
    expect(trustHop(Buffer.from(earlier), hop, rules).manifest.version).toBe("1.3.0")
    expect(() => trustHop(Buffer.from(`${earlier} `), hop, rules)).toThrow(
      "the manifest of 1.3.0 is not the one that the newest release names",
    )
    for (const lie of [{ version: "1.3.1" }, { sequence: 4 }, { upgradesFrom: "1.0.0" }]) {
      expect(() => trustHop(Buffer.from(earlier), { ...hop, ...lie }, rules)).toThrow("contradicts the newest release")
    }
    expect(() => trustHop(Buffer.from(earlier), hop, { ...rules, product: "wiki" })).toThrow("a release of chat, not of wiki")
    expect(() => trustHop(Buffer.from(earlier), hop, { ...rules, channel: "beta" })).toThrow("for stable, not for beta")
    expect(() => trustHop(Buffer.from(earlier), hop, { ...rules, repositories: [] })).toThrow("are not allowed")
  })

  it("is fetched only where the way needs it, the newest one last", async () => {
    const newest = await trusted({ upgradesFrom: "1.3.0", hops: [hop] })
    const source = sourceOf({ issue: async () => await Promise.resolve(signed(earlier)) })

    expect((await fetchChain(source, "1.0.0", newest, rules, ctx)).map(({ manifest }) => manifest.version)).toEqual(["1.3.0", "1.4.0"])
    expect(await fetchChain(sourceOf({}), "1.3.5", newest, rules, ctx)).toEqual([newest])
    expect(await fetchChain(sourceOf({}), "1.4.0", newest, rules, ctx)).toEqual([])
  })
})

describe("a new key of the vendor", () => {
  const announcement = { product: "chat", replaces: key.publicKey.fingerprint, key: other.publicKey.pem, issued: "2026-04-19T10:00:00Z" }
  const announced = signed(announcementText(announcement))

  it("counts only when the old one signed for it and the operator typed its fingerprint", async () => {
    const found = await readKeyAnnouncement(announced.bytes, announced.signature, key.pinned, "chat")

    expect(found.key.fingerprint).toBe(other.publicKey.fingerprint)
    expect(confirmKey(found, ` ${other.publicKey.fingerprint}\n`).fingerprint).toBe(other.publicKey.fingerprint)
    expect(() => confirmKey(found, "yes")).toThrow(expect.objectContaining({ code: "RELEASE_KEY_UNCONFIRMED" }))
    expect(() => confirmKey(found, key.publicKey.fingerprint)).toThrow("the vendor announces a new key, which was not confirmed here")
  })

  it.each([
    ["by itself", signed(announcementText(announcement), other), "RELEASE_SIGNATURE_INVALID"],
    ["for another product", signed(announcementText({ ...announcement, product: "wiki" })), "RELEASE_OTHER_PRODUCT"],
    [
      "in the place of another key",
      signed(announcementText({ ...announcement, replaces: other.publicKey.fingerprint })),
      "RELEASE_INVALID",
    ],
    ["that is no key", signed(announcementText({ ...announcement, key: "none" })), "RELEASE_KEY_INVALID"],
    ["in a manifest", release(), "RELEASE_INVALID"],
    ["in no document", signed("[1"), "RELEASE_INVALID"],
    ["without a signature", { ...announced, signature: null }, "RELEASE_SIGNATURE_MISSING"],
  ])("is refused when it is announced %s", async (_how, { bytes, signature }, code) => {
    await expect(readKeyAnnouncement(bytes, signature, key.pinned, "chat")).rejects.toMatchObject({ code })
  })

  it("leads to a refusal that says what to do: confirm it where it was announced, ask the vendor where it was not", async () => {
    const foreign = async (): Promise<SignedDocument> => await Promise.resolve(signed(canonicalManifest(exampleRelease()), other))
    const withAnnouncement = sourceOf({ latest: foreign, announcement: async () => await Promise.resolve(announced) })
    const withOwn = sourceOf({
      latest: foreign,
      announcement: async () => await Promise.resolve(signed(announcementText(announcement), other)),
    })

    await expect(fetchLatest(withAnnouncement, rules, ctx)).rejects.toMatchObject({
      code: "RELEASE_KEY_UNCONFIRMED",
      why: `${key.publicKey.fingerprint} announces ${other.publicKey.fingerprint}`,
    })
    for (const source of [withOwn, sourceOf({ latest: foreign })]) {
      await expect(fetchLatest(source, rules, ctx)).rejects.toMatchObject({
        code: "RELEASE_SIGNATURE_INVALID",
        message: "the release is not signed by the pinned key",
        why: expect.stringContaining(`pinned is ${key.publicKey.fingerprint}, and it announces no other key`),
        hint: expect.stringContaining("Never take over a key that was not announced"),
      })
    }
    const good = sourceOf({ latest: async () => await Promise.resolve(release()) })
    expect((await fetchLatest(good, rules, ctx)).manifest.version).toBe("1.4.0")
    const unsigned = sourceOf({ latest: async () => await Promise.resolve({ ...release(), signature: null }) })
    await expect(fetchLatest(unsigned, rules, ctx)).rejects.toMatchObject({ code: "RELEASE_SIGNATURE_MISSING" })
  })

  it("is never the pinned one by a fingerprint that is none", () => {
    expect(() => pinKey(other.publicKey, "")).toThrow(expect.objectContaining({ code: "RELEASE_KEY_NOT_PINNED" }))
    expect(() => pinKey(other.publicKey, key.publicKey.fingerprint)).toThrow(
      expect.objectContaining({ why: `pinned is ${key.publicKey.fingerprint}, this is ${other.publicKey.fingerprint}` }),
    )
  })
})

describe("another channel", () => {
  it("is a plan that says what it would mean", async () => {
    const beta = await trusted({ channel: "beta", version: "1.5.0" })
    const stable = await trusted()

    expect(planChannelChange("stable", "1.4.0", beta)).toEqual({
      from: "stable",
      to: "beta",
      running: "1.4.0",
      offers: "1.5.0",
      effect: "update",
      lessTested: true,
      yanked: false,
    })
    expect(planChannelChange("beta", "1.5.0", stable)).toMatchObject({ effect: "wait", lessTested: false })
    expect(planChannelChange("canary", "v1.4.0", stable)).toMatchObject({ effect: "same", lessTested: false })
    expect(planChannelChange("beta", "1.4.0", await trusted({ channel: "canary", yanked: ["1.4.0"] }))).toMatchObject({
      lessTested: true,
      yanked: true,
    })
  })

  it("that is the same one is not tested less, and what runs is left alone when it is no version", async () => {
    const stable = await trusted()

    expect(planChannelChange("stable", "1.3.0", stable)).toMatchObject({ effect: "update", lessTested: false })
    expect(planChannelChange("stable", "latest", stable)).toMatchObject({ effect: "same" })
  })

  it("is known by its name; any other name is refused with those that there are", () => {
    expect(["stable", "beta", "canary"].map(channelNamed)).toEqual(["stable", "beta", "canary"])
    expect(() => channelNamed("nightly")).toThrow(
      expect.objectContaining({ code: "USAGE", message: "there is no channel nightly", hint: "Use one of stable, beta, canary." }),
    )
  })
})

function sourceOf(parts: Partial<ReleaseSource>): ReleaseSource {
  const unused = async (): Promise<never> => await Promise.reject(new Error("was asked for what is not needed"))
  return { latest: unused, issue: unused, announcement: async () => await Promise.resolve(null), publicKey: unused, ...parts }
}
