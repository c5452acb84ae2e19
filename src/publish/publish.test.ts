import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { exampleKey, exampleRelease, exampleRules, REPOSITORY } from "../../test/fixture/release.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { channelNamed } from "../release/channel.ts"
import { fetchChain, fetchLatest } from "../release/fetch-release.ts"
import { canonicalManifest, type Channel, type ReleaseManifest } from "../release/manifest.ts"
import { buildRelease } from "./build.ts"
import { openReleaseDirectory, type ReleaseDirectory } from "./directory.ts"
import { describedBy, promoteRelease } from "./promote.ts"
import { publishRelease } from "./publish-release.ts"
import { signatureFiles } from "./sign.ts"
import { yankRelease } from "./yank.ts"

const key = exampleKey()
const ctx = { signal: new AbortController().signal }
const timing = { now: new Date("2026-04-19T12:00:00.700Z"), validMs: 90 * 86_400_000 }

async function site(): Promise<ReleaseDirectory> {
  return openReleaseDirectory(join(await temporaryDirectory("site"), "site"))
}

async function publishText(directory: ReleaseDirectory, text: string): Promise<string> {
  return (await publishRelease(directory, Buffer.from(text), signatureFiles(Buffer.from(text), key.privateKey), key.publicKey)).file
}

async function publish(
  directory: ReleaseDirectory,
  version: string,
  more: Partial<ReleaseManifest> = {},
  channel: Channel = "stable",
): Promise<string> {
  const described = describedBy(exampleRelease({ version, upgradesFrom: null, ...more }))
  return await publishText(directory, (await buildRelease(directory, channel, described, timing)).text)
}

describe("a directory of releases", () => {
  it("counts on and names every earlier version, so that whoever is far behind finds the way", async () => {
    const directory = await site()
    expect(await publish(directory, "1.0.0")).toBe("releases/1.0.0/stable-1.json")
    await publish(directory, "1.1.0", { upgradesFrom: "1.0.0" })
    await publish(directory, "2.0.0", { upgradesFrom: "1.1.0" })
    const rules = exampleRules(key.pinned, { now: timing.now, repositories: [REPOSITORY] })
    const newest = await fetchLatest(directory.source, rules, ctx)
    const chain = await fetchChain(directory.source, "0.9.0", newest, rules, ctx)

    expect(newest.manifest).toMatchObject({
      version: "2.0.0",
      sequence: 3,
      issued: "2026-04-19T12:00:00Z",
      expires: "2026-07-18T12:00:00Z",
    })
    expect(chain.map(({ manifest }) => manifest.version)).toEqual(["1.0.0", "1.1.0", "2.0.0"])
  })

  it("is finished by publishing again where it was interrupted between the issue and the newest", async () => {
    const directory = await site()
    const { text } = await buildRelease(directory, "stable", describedBy(exampleRelease()), timing)
    await publishText(directory, text)
    await rm(join(directory.path, "channels"), { recursive: true })
    await publishText(directory, text)

    expect(await readFile(join(directory.path, "channels/stable/latest.json"), "utf8")).toBe(text)
    expect(await directory.issues("stable")).toHaveLength(1)
    expect(await readdir(join(directory.path, "releases/1.4.0"))).toEqual([
      "stable-1.json",
      "stable-1.json.sig",
      "stable-1.json.sigstore.json",
    ])
  })

  it("gives no sequence to two releases, however many publish at once", async () => {
    const directory = await site()
    const built = await Promise.all(
      ["1.0.0", "1.1.0", "1.2.0", "1.3.0"].map(
        async (version) =>
          (await buildRelease(directory, "stable", describedBy(exampleRelease({ version, upgradesFrom: null })), timing)).text,
      ),
    )
    const ends = await Promise.allSettled(built.map(async (text) => await publishText(directory, text)))

    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
    for (const end of ends) {
      if (end.status === "rejected")
        expect(end.reason).toMatchObject({ code: "RELEASE_EXISTS", message: "sequence 1 of stable was published before" })
    }
    const [issue, ...others] = await directory.issues("stable")
    expect(others).toEqual([])
    expect(await readFile(join(directory.path, "channels/stable/latest.json"))).toEqual(Buffer.from(issue?.bytes ?? []))
  })

  it("never overwrites an issue, nor puts an earlier one back as the newest", async () => {
    const directory = await site()
    const first = (await buildRelease(directory, "stable", describedBy(exampleRelease({ version: "1.0.0", upgradesFrom: null })), timing))
      .text
    await publishText(directory, first)
    await publish(directory, "1.1.0")

    await expect(publishText(directory, first)).rejects.toMatchObject({ code: "RELEASE_EXISTS" })
    await expect(publishText(directory, first.replace("Faster", "Slower"))).rejects.toMatchObject({ code: "RELEASE_EXISTS" })
    await expect(directory.add("releases/1.0.0/stable-1.json", Buffer.from("{}"), {})).rejects.toMatchObject({ code: "RELEASE_EXISTS" })
    expect(await readFile(join(directory.path, "releases/1.0.0/stable-1.json"), "utf8")).toBe(first)
  })

  it("takes only what follows from what is there", async () => {
    const directory = await site()
    await publish(directory, "1.4.0")
    const next = (more: Partial<ReleaseManifest>): string =>
      canonicalManifest(exampleRelease({ sequence: 2, yanked: [], upgradesFrom: null, ...more }))
    const attempt = async (more: Partial<ReleaseManifest>): Promise<unknown> =>
      await publishText(directory, next(more)).catch((thrown: unknown) => thrown)
    const images = { server: { repository: REPOSITORY, digest: `sha256:${"b".repeat(64)}` } }

    expect(await attempt({ images })).toMatchObject({ code: "RELEASE_INVALID", why: "1.4.0 was published with other images" })
    expect(await attempt({ version: "1.3.0" })).toMatchObject({ code: "RELEASE_INVALID", why: "1.4.0 is newer and was not withdrawn" })
    expect(await attempt({ product: "wiki", version: "1.5.0" })).toMatchObject({
      code: "RELEASE_INVALID",
      why: "the directory is one of chat",
    })
    expect(await attempt({ yanked: ["1.4.0"], version: "1.3.0" })).toBe("releases/1.3.0/stable-2.json")
    expect(await attempt({ version: "1.5.0", sequence: 3 })).toMatchObject({
      code: "RELEASE_INVALID",
      why: "1.4.0 was withdrawn, and this release does not say so",
    })
  })

  it("refuses what is not signed, and another key that the first one does not announce", async () => {
    const directory = await site()
    await publish(directory, "1.4.0")
    const { text } = await buildRelease(directory, "stable", describedBy(exampleRelease({ version: "1.5.0" })), timing)
    const bytes = Buffer.from(text)
    const other = exampleKey()

    await expect(publishRelease(directory, bytes, {}, key.publicKey)).rejects.toMatchObject({ code: "RELEASE_SIGNATURE_MISSING" })
    await expect(publishRelease(directory, bytes, signatureFiles(bytes, other.privateKey), key.publicKey)).rejects.toMatchObject({
      code: "RELEASE_SIGNATURE_INVALID",
    })
    await expect(publishRelease(directory, bytes, signatureFiles(bytes, other.privateKey), other.publicKey)).rejects.toMatchObject({
      code: "RELEASE_KEY_NOT_PINNED",
    })
  })

  it("brings a release into another channel with the same images, once, and issues it again in its own", async () => {
    const directory = await site()
    await publish(directory, "1.4.0", {}, "canary")
    const promotion = { version: "1.4.0", from: "canary", to: "stable", ...timing } as const
    const { manifest, text } = await promoteRelease(directory, promotion)
    await publishText(directory, text)

    expect(describedBy(manifest)).toEqual(describedBy(exampleRelease({ upgradesFrom: null })))
    await expect(promoteRelease(directory, promotion)).rejects.toMatchObject({ code: "RELEASE_EXISTS" })
    await expect(promoteRelease(directory, { ...promotion, version: "9.9.9" })).rejects.toMatchObject({ code: "RELEASE_UNKNOWN" })
    expect((await promoteRelease(directory, { ...promotion, from: "stable" })).manifest).toMatchObject({ sequence: 2, version: "1.4.0" })
  })

  it("withdraws the newest for the one before, an older one beside the newest, and the only one by its own word", async () => {
    const directory = await site()
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await publish(directory, version)
    await publish(directory, "1.2.0", {}, "beta")
    const yank = async (version: string): Promise<unknown> => {
      const issues = await yankRelease(directory, version, timing)
      for (const { text } of issues) await publishText(directory, text)
      return issues.map(({ manifest }) => [manifest.channel, manifest.version, manifest.yanked, manifest.hops.map((hop) => hop.version)])
    }

    expect(await yank("1.2.0")).toEqual([
      ["stable", "1.1.0", ["1.2.0"], ["1.0.0"]],
      ["beta", "1.2.0", ["1.2.0"], []],
    ])
    expect(await yank("1.0.0")).toEqual([["stable", "1.1.0", ["1.2.0", "1.0.0"], []]])
    await expect(yankRelease(directory, "1.0.0", timing)).rejects.toMatchObject({ code: "RELEASE_UNKNOWN" })
  })

  it("says which file in it is no release, and which channel there is not", async () => {
    const directory = await site()
    const file = await publish(directory, "1.4.0")
    await writeFile(join(directory.path, file), "{}")

    await expect(directory.issues("stable")).rejects.toMatchObject({ code: "RELEASE_INVALID" })
    expect(channelNamed("beta")).toBe("beta")
    expect(() => channelNamed("nightly")).toThrow("there is no channel nightly")
  })
})
