import { cp, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { releaseBuildOutput, releaseKeygenOutput, releasePublishOutput, releaseSignOutput } from "../../src/contract/output-release.ts"
import { updateChannelOutput, updateKeyOutput } from "../../src/contract/output-update-find.ts"
import { describeNeeding } from "../fixture/needs.ts"
import type { TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { suiteDirectory } from "../fixture/tmp.ts"
import { checkPlace, digest, runningProject, textOf, type CheckPlace } from "./update-check-world.ts"

const REGISTRY = "registry.example"

describeNeeding("docker", "restic")("updates by signed releases", () => {
  useDocker(["holdfast-test/busybox"])
  let project: TinyProject
  beforeAll(async () => {
    project = await runningProject(await suiteDirectory("signed"), REGISTRY, "1.0.0")
  })
  afterAll(async () => await project.remove())
  const newPlace = async (): Promise<CheckPlace> => await checkPlace(project, REGISTRY)

  it("are found with every release on the way, each by the digests of all services that belong together", async () => {
    const place = await newPlace()
    await place.publish("1.0.0", "a")
    expect(await place.check()).toMatchObject({ running: "1.0.0", releases: [], error: null, channel: "stable" })
    await place.publish("1.1.0", "b", ["--migrate", "worker: /app/migrate --all"])
    await place.publish("2.0.0", "c", ["--upgrades-from", "1.1.0"])

    const found = await place.check()
    expect(found.releases.map(({ version }) => version)).toEqual(["1.1.0", "2.0.0"])
    expect(found.releases[0]).toMatchObject({ migrate: { service: "worker", argv: ["/app/migrate", "--all"] }, signed: { sequence: 2 } })
    expect(found.releases[1]?.images).toEqual({
      server: { repository: "registry.example/chat/server", digest: digest("c"), tag: null },
      worker: { repository: "registry.example/chat/worker", digest: digest("c"), tag: null },
    })
    expect((await place.cli.run("update", "check")).stdout).toContain("chat: 1.0.0 runs; 2.0.0 can be installed, by way of 1.1.0\n")
  })

  it("never go back: an older release that is served again is refused, also where the store was lost", async () => {
    const place = await newPlace()
    await place.backUp()
    await place.publish("1.1.0", "a")
    const replay = await place.keepLatest()
    await place.publish("1.2.0", "b")
    expect((await place.check()).releases.at(-1)?.version).toBe("1.2.0")
    await replay()

    const refused = { code: "RELEASE_OLDER", why: "its sequence is 1, the highest seen is 2" }
    expect(await place.cli.error("update", "check", "chat")).toMatchObject(refused)
    await place.loseStore()
    expect(await place.cli.error("update", "check", "chat")).toMatchObject(refused)
  })

  it("are told to be withdrawn, also the one that runs, and nothing older is offered", async () => {
    const place = await newPlace()
    await place.publish("0.9.0", "a")
    await place.publish("1.0.0", "b")
    await place.vendor.json(releasePublishOutput, ["release", "yank", "1.0.0", "--dir", "site", "--key", "vendor.key"])

    expect(await place.check()).toMatchObject({
      releases: [],
      notices: expect.arrayContaining([
        "chat 1.0.0, which runs, was withdrawn by its vendor.",
        "1.0.0 runs, and the newest release of this channel is 0.9.0; an older version is never installed.",
      ]),
    })
  })

  it("are refused when they do not hold all that belongs together, or come from elsewhere", async () => {
    const place = await newPlace()
    await place.settle({ services: ["server", "worker"] })
    await place.publish("1.1.0", "a", ["--image", `server=${REGISTRY}/chat/server@${digest("a")}`])
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({
      code: "RELEASE_SERVICES_DIFFER",
      why: "it has no image for worker (registry.example/chat/worker:1.0.0); services that belong together are updated together or not at all",
    })
    await place.settle({ repositories: [`${REGISTRY}/chat/other`] })
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "RELEASE_REPOSITORY_REFUSED" })
    await place.settle({ services: ["server"] })
    expect(Object.keys((await place.check()).releases[0]?.images ?? {})).toEqual(["server"])
  })

  it("need settings, and of several apps each is told for itself", async () => {
    const place = await newPlace()
    await place.publish("1.1.0", "a")
    const text = await textOf(place.settingsFile)
    const second = text.slice(text.indexOf("  chat:\n")).replace("  chat:\n", "  talk:\n").replace('product: "chat"', 'product: "talk"')
    await writeFile(place.settingsFile, text + second)

    const both = await place.cli.run("update", "check", "--json")
    expect(both.exitCode).toBe(3)
    expect(JSON.parse(both.stdout)).toMatchObject({
      apps: [
        { app: "chat", error: null, releases: [{ version: "1.1.0" }] },
        { app: "talk", releases: [], error: { code: "RELEASE_OTHER_PRODUCT", exitCode: 156 } },
      ],
    })
    await writeFile(place.settingsFile, text.slice(0, text.indexOf("    updates:\n")))
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "UPDATES_NOT_SET_UP" })
  })

  it("change their channel after a plan, by one word in the settings", async () => {
    const place = await newPlace()
    const following = await textOf(place.settingsFile)
    await place.publish("0.9.0", "a")
    await place.publish("1.3.0", "b", ["--channel", "beta"])
    const plan = await place.cli.json(updateChannelOutput, ["update", "channel", "chat", "beta", "--plan"])
    expect(plan).toMatchObject({
      from: "stable",
      to: "beta",
      running: "1.0.0",
      offers: "1.3.0",
      effect: "update",
      lessTested: true,
      changed: false,
    })
    expect(await place.cli.error("update", "channel", "chat", "beta")).toMatchObject({ code: "CONFIRMATION_NEEDED" })
    expect(await place.cli.error("update", "channel", "chat", "canary", "--yes")).toMatchObject({ code: "RELEASE_UNKNOWN" })
    expect(await textOf(place.settingsFile)).toBe(following)

    expect((await place.cli.json(updateChannelOutput, ["update", "channel", "chat", "beta", "--yes"])).changed).toBe(true)
    expect(await textOf(place.settingsFile)).toBe(`${following.trimEnd()}\n      channel: beta\n`)
    expect(await place.check()).toMatchObject({ channel: "beta", releases: [{ version: "1.3.0" }] })
    expect(await place.cli.json(updateChannelOutput, ["update", "channel", "chat", "stable", "--yes"])).toMatchObject({ effect: "wait" })
    expect(await place.check()).toMatchObject({ channel: "stable", releases: [] })
  })

  it("are trusted by a new key only when the old one announced it and a person typed its fingerprint", async () => {
    const place = await newPlace()
    await place.backUp()
    await place.publish("1.1.0", "a")
    await place.check()
    const [oldSettings, oldKey] = [await readFile(place.settingsFile), await readFile(place.keyFile)]
    const announce = ["--announce-with", "vendor.key", "--product", "chat", "--dir", "site"]
    const next = await place.vendor.json(releaseKeygenOutput, ["release", "keygen", "--output", "next", ...announce])
    const confirming = `holdfast update key chat --confirm ${next.fingerprint}`
    expect((await place.check()).notices).toEqual([
      `The vendor announces a new key, ${next.fingerprint}. Compare it on another way, then: ${confirming}`,
    ])
    await place.publish("1.2.0", "b", [], "next")

    const refusal = await place.cli.error("update", "check", "chat")
    expect(refusal.code).toBe("RELEASE_KEY_UNCONFIRMED")
    expect(refusal.hint).toContain(confirming)
    expect(await place.cli.error("update", "key", "chat")).toMatchObject({ code: "CONFIRMATION_NEEDED" })
    expect(await place.cli.error("update", "key", "chat", "--confirm", digest("0"))).toMatchObject({ code: "RELEASE_KEY_UNCONFIRMED" })
    expect(await readFile(place.keyFile)).toEqual(oldKey)
    const changed = await place.cli.json(updateKeyOutput, ["update", "key", "chat", "--confirm", next.fingerprint])
    expect(changed).toMatchObject({ from: place.fingerprint, to: next.fingerprint, changed: true })
    expect(await textOf(place.settingsFile)).toBe(oldSettings.toString().replace(place.fingerprint, next.fingerprint))
    expect((await place.check()).releases.at(-1)?.version).toBe("1.2.0")

    // Everything of ours as it was before, but for the vault.
    await Promise.all([writeFile(place.settingsFile, oldSettings), writeFile(place.keyFile, oldKey), place.loseStore()])
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "RELEASE_KEY_NOT_PINNED" })
    expect(await place.cli.json(updateKeyOutput, ["update", "key", "chat", "--confirm", next.fingerprint])).toMatchObject({ changed: true })
    expect((await place.check()).releases.at(-1)?.version).toBe("1.2.0")
  })

  it("are never trusted by a key that nobody announced, unless a person says that the old one is lost", async () => {
    const place = await newPlace()
    await place.backUp()
    await place.publish("1.1.0", "a")
    await place.check()
    const stranger = await place.vendor.json(releaseKeygenOutput, ["release", "keygen", "--output", "stranger"])
    const image = ["--image", `server=${REGISTRY}/chat/server@${digest("b")}`, "--image", `worker=${REGISTRY}/chat/worker@${digest("b")}`]
    const words = ["--product", "chat", "--channel", "stable", "--dir", "site", ...image]
    await place.vendor.json(releaseBuildOutput, ["release", "build", "1.2.0", ...words])
    await place.vendor.json(releaseSignOutput, ["release", "sign", "--key", "stranger.key"])
    // As somebody who took over the web server puts it there.
    const latest = join(place.site, "channels/stable/latest.json")
    for (const ending of ["", ".sig", ".sigstore.json"]) await cp(join(place.directory, `vendor/release.json${ending}`), latest + ending)

    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "RELEASE_SIGNATURE_INVALID" })
    await cp(join(place.directory, "vendor/stranger.pub"), place.keyFile)
    await place.settle({ keyDigest: stranger.fingerprint })
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "RELEASE_KEY_NOT_PINNED" })
    expect(await place.cli.error("update", "key", "chat", "--confirm", stranger.fingerprint)).toMatchObject({
      code: "RELEASE_KEY_NOT_PINNED",
      what: "the pinned key announces no other key",
    })
    const lost = ["update", "key", "chat", "--unannounced", "--confirm", stranger.fingerprint]
    expect(await place.cli.json(updateKeyOutput, lost)).toMatchObject({ announced: null, changed: true })
    expect((await place.check()).releases.at(-1)?.version).toBe("1.2.0")
  })
})
