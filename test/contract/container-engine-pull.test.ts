/** Images that come from a registry by their digest, and services that start without asking one. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { HoldfastError } from "../../src/base/errors.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { tinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { PASSWORD, startRegistry, USER, type TestRegistry } from "../fixture/registry/registry.ts"

const LIMIT_MS = 120_000
const NOT_THERE = `sha256:${"0".repeat(64)}`

describeNeeding("registry")("an image from a registry", { timeout: LIMIT_MS }, () => {
  useDocker(["holdfast-test/busybox"])
  let engine: EngineUnderTest
  let registry: TestRegistry
  let locked: TestRegistry
  let digests: { own: string; other: string; index: string; foreignIndex: string; locked: string }

  beforeAll(async () => {
    engine = engineUnderTest()
    registry = await startRegistry({ locked: false })
    locked = await startRegistry({ locked: true })
    const architecture = (await command(["docker", "version", "--format", "{{.Server.Arch}}"])).trim()
    const foreign = architecture === "s390x" ? "amd64" : "s390x"
    const labels = { "org.opencontainers.image.version": "1.6.0" }
    const own = await registry.push("chat/server", { architecture, labels }, ["1.6.0"])
    const other = await registry.push("chat/server", { architecture: foreign, labels }, ["1.6.0-other"])
    const entry = (digest: string, of: string) => ({ digest, platform: { os: "linux", architecture: of } })
    digests = {
      own,
      other,
      index: await registry.pushIndex("chat/server", [entry(own, architecture), entry(other, foreign)], "2.0.0"),
      foreignIndex: await registry.pushIndex("chat/server", [entry(other, foreign)], "2.0.0-foreign"),
      locked: await locked.push("chat/server", { architecture, labels: { locked: "yes" } }, ["1.0.0"]),
    }
  }, 1_200_000)
  afterAll(() => engine.remove())

  const pull = async (reference: string, by = engine): Promise<string> => {
    onTestFinished(async () => void (await tryCommand(["docker", "image", "rm", "--force", reference])))
    return (await by.docker.pullImage(reference, by.ctx())).imageId
  }
  const refusalOf = async (reference: string, by = engine): Promise<HoldfastError> => {
    const thrown = await pull(reference, by).catch((error: unknown) => error)
    if (thrown instanceof HoldfastError) return thrown
    throw new Error(`it was not refused: ${String(thrown)}`)
  }
  const present = async (reference: string): Promise<boolean> => await engine.docker.imagePresent(reference, engine.ctx())

  it("is there by its digest afterwards, also by the digest of an index for several platforms", async () => {
    for (const digest of [digests.own, digests.index]) {
      const reference = `${registry.name}/chat/server@${digest}`
      expect(await present(reference)).toBe(false)

      const imageId = await pull(reference)

      const shown = await command(["docker", "image", "inspect", "--format", "{{.Id}} {{json .RepoDigests}}", reference])
      expect(shown.trim()).toContain(`${imageId} `)
      expect(shown).toContain(`"${reference}"`)
    }
  })

  it("that is here already is not asked for again", async () => {
    const reference = `${registry.name}/chat/server@${digests.own}`
    const first = await pull(reference)
    const elsewhere = `${locked.name}/chat/server`
    await command(["docker", "tag", first, `${elsewhere}:kept`])
    onTestFinished(async () => void (await tryCommand(["docker", "image", "rm", `${elsewhere}:kept`])))

    expect(await pull(reference)).toBe(first)
    // The same image under a repository that nobody asked for is no proof.
    expect((await refusalOf(`${elsewhere}@${digests.own}`)).code).toBe("REGISTRY_AUTH_FAILED")
  })

  it("is not taken by a tag, which may mean another one tomorrow", async () => {
    for (const reference of [`${registry.name}/chat/server:1.6.0`, `${registry.name}/chat/server`, "chat@sha256:abc"]) {
      const refused = await refusalOf(reference)
      expect([refused.code, refused.message]).toEqual([
        "IMAGE_MISSING",
        `${reference} is not pulled, because it is not named by its digest`,
      ])
    }
  })

  it("that is made for another machine is refused and does not stay", async () => {
    const reference = `${registry.name}/chat/server@${digests.other}`
    const platform = (await command(["docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"])).trim()

    const refused = await refusalOf(reference)

    expect(refused.code).toBe("IMAGE_PLATFORM_MISSING")
    expect(refused.message).toMatch(new RegExp(`^image ${reference} is made for linux/\\w+, and this engine runs ${platform}$`))
    expect(await present(reference)).toBe(false)
    expect((await refusalOf(`${registry.name}/chat/server@${digests.foreignIndex}`)).code).toBe("IMAGE_PLATFORM_MISSING")
  })

  it("that the registry does not have is missing, and a registry that does not answer is not", async () => {
    const missing = await refusalOf(`${registry.name}/chat/server@${NOT_THERE}`)
    expect([missing.code, missing.message, missing.hint]).toEqual([
      "IMAGE_MISSING",
      `image ${registry.name}/chat/server@${NOT_THERE} could not be pulled`,
      "The registry does not have this digest, or no longer; ask whoever published it.",
    ])
    expect((await refusalOf(`${registry.name}/no/such@${NOT_THERE}`)).code).toBe("IMAGE_MISSING")
    expect((await refusalOf(`127.0.0.1:1/chat/server@${NOT_THERE}`)).code).toBe("REGISTRY_FAILED")
  })

  it("of a locked registry is pulled with what `docker login` left on this host, and only with that", async () => {
    const reference = `${locked.name}/chat/server@${digests.locked}`
    const refused = await refusalOf(reference)
    expect([refused.code, refused.hint]).toEqual([
      "REGISTRY_AUTH_FAILED",
      `Run \`docker login ${locked.name}\` on this host as the user that Holdfast runs as, then run it again.`,
    ])

    const signedIn = engineUnderTest()
    onTestFinished(signedIn.remove)
    mkdirSync(join(signedIn.scratchDirectory, ".docker"))
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString("base64")
    writeFileSync(join(signedIn.scratchDirectory, ".docker/config.json"), JSON.stringify({ auths: { [locked.name]: { auth } } }))
    expect(await pull(reference, signedIn)).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it("is asked for by nobody when services come up without pulling, and one that is not here is an error", async () => {
    const reference = `${registry.name}/chat/server@${digests.own}`
    const project = tinyProject(engine.scratchDirectory, `services: { web: { image: "${reference}", pull_policy: always } }`)
    onTestFinished(project.remove)

    const refused = await engine.docker
      .up(project.compose, ["web"], { noDeps: true, neverPull: true }, engine.ctx())
      .catch((e: unknown) => e)

    expect(refused).toMatchObject({ code: "IMAGE_MISSING" })
    expect(await present(reference)).toBe(false)
  })
})
