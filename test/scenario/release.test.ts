import { createServer } from "node:http"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeAll, expect, it, onTestFinished } from "vitest"
import {
  releaseBuildOutput,
  releaseKeygenOutput,
  releasePublishOutput,
  releaseSignOutput,
  releaseVerifyOutput,
} from "../../src/contract/output-release.ts"
import { cosignVerifies } from "../fixture/cosign.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { suiteDirectory } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`
const image = (digit: string): string => `server=registry.example/chat/server@${digest(digit)}`

describeNeeding("cosign")("a vendor publishes releases", () => {
  let directory: string
  let cli: Cli
  const release = async (...words: readonly string[]) =>
    await cli.json(releasePublishOutput, ["release", ...words, "--dir", "site", "--key", "vendor.key"])
  const publish = async (version: string, digit: string, ...more: readonly string[]) => {
    await cli.json(releaseBuildOutput, [
      "release",
      "build",
      version,
      "--product",
      "chat",
      "--image",
      image(digit),
      "--dir",
      "site",
      ...more,
    ])
    await cli.json(releaseSignOutput, ["release", "sign", "--key", "vendor.key"])
    return await cli.json(releasePublishOutput, ["release", "publish", "--dir", "site", "--public-key", "vendor.pub"])
  }
  const verify = async (place: string, exitCode = 0, ...more: readonly string[]) =>
    await cli.json(releaseVerifyOutput, ["release", "verify", place, "--product", "chat", "--public-key", "vendor.pub", ...more], exitCode)
  const versions = async (): Promise<Record<string, string | undefined>> =>
    Object.fromEntries((await verify("site")).channels.map(({ channel, release: found }) => [channel, found?.version]))

  beforeAll(async () => {
    directory = await suiteDirectory("vendor")
    cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment: { COSIGN_PASSWORD: "correct horse" } })
    await cli.json(releaseKeygenOutput, ["release", "keygen", "--output", "vendor"])
  })

  it("never over a key that is there", async () => {
    expect(await cli.error("release", "keygen", "--output", "vendor")).toMatchObject({ code: "RELEASE_EXISTS" })
  })

  it("from canary over beta to stable with one build, and cosign verifies what is served", async () => {
    await publish("1.0.0", "a", "--migrate", "server: /app/migrate.sh --all")
    await publish("1.1.0", "b", "--upgrades-from", "1.0.0")
    await release("promote", "1.0.0", "--to", "beta")
    const stable = await release("promote", "1.0.0", "--to", "stable")

    expect(stable.published[0]?.release).toMatchObject({ channel: "stable", sequence: 1, images: { server: { digest: digest("a") } } })
    expect(await versions()).toEqual({ canary: "1.1.0", beta: "1.0.0", stable: "1.0.0" })
    const served = join(directory, "site/channels/stable/latest.json")
    for (const [kind, ending] of [
      ["detached", ".sig"],
      ["bundle", ".sigstore.json"],
    ] as const) {
      const signature = { kind, content: await readFile(served + ending) }
      const publicKey = await readFile(join(directory, "site/cosign.pub"))
      expect(await cosignVerifies({ directory, publicKey, document: await readFile(served), signature })).toBe(true)
    }
    expect(await cli.error("release", "promote", "1.0.0", "--to", "stable", "--dir", "site", "--key", "vendor.key")).toMatchObject({
      code: "RELEASE_EXISTS",
      what: "stable has 1.0.0 already",
    })
  })

  it("once: the same again finishes it, other bytes under its name or with an old sequence are refused", async () => {
    const again = await cli.json(releasePublishOutput, ["release", "publish", "--dir", "site", "--public-key", "vendor.pub"])
    expect(again.published[0]?.file).toBe("releases/1.1.0/canary-2.json")
    const built = await readFile(join(directory, "release.json"), "utf8")
    await writeFile(join(directory, "release.json"), built.replace(digest("b"), digest("c")))
    expect(await cli.error("release", "publish", "--dir", "site", "--public-key", "vendor.pub")).toMatchObject({
      code: "RELEASE_SIGNATURE_INVALID",
    })
    await cli.json(releaseSignOutput, ["release", "sign", "--key", "vendor.key"])
    expect(await cli.error("release", "publish", "--dir", "site", "--public-key", "vendor.pub")).toMatchObject({ code: "RELEASE_EXISTS" })
    expect(await versions()).toMatchObject({ canary: "1.1.0" })
  })

  it("and withdraws one: every channel that has it goes back to the one before, which says so", async () => {
    const yanked = await release("yank", "1.1.0")

    expect(yanked.published.map((one) => one.release)).toMatchObject([
      { channel: "canary", version: "1.0.0", sequence: 3, yanked: ["1.1.0"] },
    ])
    expect(await cli.error("release", "promote", "1.1.0", "--to", "beta", "--dir", "site", "--key", "vendor.key")).toMatchObject({
      code: "RELEASE_YANKED",
    })
  })

  it("that are verified over the network as in the directory, and a changed byte is found", async () => {
    const server = createServer((request, response) => {
      readFile(join(directory, "site", request.url ?? "")).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`
    expect((await verify(url)).good).toBe(true)
    expect(await verify(url, 3, "--repository", "registry.example/wiki")).toMatchObject({
      good: false,
      channels: [{ checks: [{ code: "RELEASE_REPOSITORY_REFUSED" }] }, {}, {}],
    })
    const latest = join(directory, "site/channels/beta/latest.json")
    const good = await readFile(latest, "utf8")
    await writeFile(latest, good.replace(digest("a"), digest("e")))
    expect(await verify(url, 3, "--channel", "beta")).toMatchObject({
      good: false,
      channels: [{ release: null, checks: [{ code: "RELEASE_SIGNATURE_INVALID" }] }],
    })
    await writeFile(latest, good)
  })

  it("and changes its key: announced with the old one, so that whoever follows is asked", async () => {
    const made = await cli.json(releaseKeygenOutput, [
      "release",
      "keygen",
      "--output",
      "next",
      "--announce-with",
      "vendor.key",
      "--product",
      "chat",
      "--dir",
      "site",
    ])
    await cli.json(releaseKeygenOutput, ["release", "keygen", "--output", "stranger"])
    const { fingerprint } = await cli
      .json(releaseBuildOutput, ["release", "build", "1.2.0", "--product", "chat", "--image", image("d"), "--dir", "site"])
      .then(async () => await cli.json(releaseSignOutput, ["release", "sign", "--key", "stranger.key"]))
    expect(fingerprint).not.toBe(made.fingerprint)
    expect(await cli.error("release", "publish", "--dir", "site", "--public-key", "stranger.pub")).toMatchObject({
      code: "RELEASE_KEY_NOT_PINNED",
    })
    await cli.json(releaseSignOutput, ["release", "sign", "--key", "next.key"])
    await cli.json(releasePublishOutput, ["release", "publish", "--dir", "site", "--public-key", "next.pub"])

    expect(await cli.error("release", "verify", "site", "--product", "chat", "--public-key", "vendor.pub")).toMatchObject({
      code: "RELEASE_KEY_NOT_PINNED",
    })
    const canary = await cli.json(releaseVerifyOutput, [
      "release",
      "verify",
      "site",
      "--product",
      "chat",
      "--fingerprint",
      made.fingerprint,
      "--channel",
      "canary",
    ])
    expect(canary).toMatchObject({ good: true, channels: [{ release: { version: "1.2.0" } }] })
  })
})
