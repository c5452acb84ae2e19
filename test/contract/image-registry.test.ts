import { createServer, type RequestListener } from "node:http"
import { beforeAll, expect, it, onTestFinished } from "vitest"
import { Secret } from "../../src/base/secret.ts"
import type { ImageRegistry } from "../../src/release/ports.ts"
import { readRegistryCredentials } from "../../src/release/registry-credentials.ts"
import { selectTag } from "../../src/release/tag-selection.ts"
import { createImageRegistry } from "../../src/tool/registry/registry.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { PASSWORD, startRegistry, USER, type TestRegistry } from "../fixture/registry/registry.ts"

const ctx = { signal: new AbortController().signal }
const amd64 = { os: "linux", architecture: "amd64", variant: null }
const arm64 = { os: "linux", architecture: "arm64", variant: "v8" }
const anonymous = (): ImageRegistry => createImageRegistry({ credentials: new Map() })

describeNeeding("registry")("an image registry that anybody may read", () => {
  let registry: TestRegistry
  let digests: { one: string; arm: string; index: string }

  beforeAll(async () => {
    registry = await startRegistry({ locked: false })
    const labels = { "org.opencontainers.image.version": "1.10.0" }
    const one = await registry.push("chat/server", { architecture: "amd64", labels }, ["1.9.0", "1.10.0", "latest"])
    const arm = await registry.push("chat/server", { architecture: "arm64", labels: { arm: "yes" } }, ["1.10.0-arm"])
    const index = await registry.pushIndex(
      "chat/server",
      [
        { digest: one, platform: { os: "linux", architecture: "amd64" } },
        { digest: arm, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      ],
      "2.0.0",
    )
    digests = { one, arm, index }
  })

  it("lists its tags, from which a rule takes the newest version", async () => {
    const tags = await anonymous().tags(`${registry.name}/chat/server`, ctx)
    const rules = { running: "1.9.0", range: "1.x", tagPattern: null, prereleases: false }

    expect(new Set(tags)).toEqual(new Set(["1.9.0", "1.10.0", "latest", "1.10.0-arm", "2.0.0"]))
    expect(selectTag(tags, rules)?.tag).toBe("1.10.0")
  })

  it("gives the digest that is pinned, and the labels of the image for this platform", async () => {
    const asked = anonymous()
    const repository = `${registry.name}/chat/server`

    expect(await asked.resolve(repository, "1.10.0", amd64, ctx)).toEqual({
      digest: digests.one,
      platformDigest: digests.one,
      labels: { "org.opencontainers.image.version": "1.10.0" },
      created: new Date("2026-04-19T12:00:00Z"),
    })
    expect(await asked.resolve(repository, "2.0.0", arm64, ctx)).toMatchObject({
      digest: digests.index,
      platformDigest: digests.arm,
      labels: { arm: "yes" },
    })
    expect(await asked.resolve(repository, digests.one, amd64, ctx)).toMatchObject({ digest: digests.one })
    expect(await asked.digest(repository, "2.0.0", ctx)).toBe(digests.index)
  })

  it("has no image for a machine that it was not made for, and no tag that was not pushed", async () => {
    const repository = `${registry.name}/chat/server`
    const s390x = { os: "linux", architecture: "s390x", variant: null }

    await expect(anonymous().resolve(repository, "2.0.0", s390x, ctx)).rejects.toMatchObject({
      code: "IMAGE_PLATFORM_MISSING",
      message: `${repository} has no image for linux/s390x`,
      why: "there is linux/amd64, linux/arm64",
    })
    await expect(anonymous().resolve(repository, "1.10.0", s390x, ctx)).rejects.toMatchObject({ code: "IMAGE_PLATFORM_MISSING" })
    await expect(anonymous().resolve(repository, "9.9.9", amd64, ctx)).rejects.toMatchObject({ code: "IMAGE_TAG_MISSING" })
    await expect(anonymous().tags(`${registry.name}/no/such`, ctx)).rejects.toMatchObject({ code: "IMAGE_TAG_MISSING" })
  })

  it("cannot be asked when nobody listens there", async () => {
    await expect(anonymous().tags("127.0.0.1:1/chat/server", ctx)).rejects.toMatchObject({ code: "REGISTRY_FAILED", retryable: true })
    await expect(anonymous().tags("127.0.0.1:1/chat/../server", ctx)).rejects.toMatchObject({ code: "REGISTRY_FAILED" })
  })
})

describeNeeding("registry")("an image registry that wants to know who asks", () => {
  let registry: TestRegistry
  const withPassword = (password: string): ImageRegistry =>
    createImageRegistry({
      credentials: readRegistryCredentials(JSON.stringify({ auths: { [`http://${registry.name}/v2/`]: { username: USER, password } } })),
    })

  beforeAll(async () => {
    registry = await startRegistry({ locked: true })
    await registry.push("chat/server", { architecture: "amd64", labels: {} }, ["1.0.0"])
  })

  it("answers the one whose name and password are known for it, and nobody else", async () => {
    const repository = `${registry.name}/chat/server`

    expect(await withPassword(PASSWORD).tags(repository, ctx)).toEqual(["1.0.0"])
    for (const asked of [anonymous(), withPassword("wrong")]) {
      const refusal = await asked.tags(repository, ctx).catch((thrown: unknown) => thrown)
      expect(refusal).toMatchObject({ code: "REGISTRY_AUTH_FAILED" })
      expect(JSON.stringify(refusal)).not.toMatch(/wrong|swordfish/)
    }
  })
})

/** What the registry at hand does not do by itself; only what goes over the wire is played. */
describeNeeding()("a registry with more tags than it gives at once", () => {
  it("is asked for page after page, as long as it stays on itself", async () => {
    const pages: Readonly<Record<string, readonly [tags: readonly string[], link: string | null]>> = {
      "/v2/chat/server/tags/list?n=500": [["1.0.0", "1.1.0"], '</v2/chat/server/tags/list?last=1.1.0&n=500>; rel="next"'],
      "/v2/chat/server/tags/list?last=1.1.0&n=500": [
        ["1.1.0", "1.2.0"],
        '<http://127.0.0.1:1/v2/chat/server/tags/list?last=1.2.0>; rel="next"',
      ],
    }
    const name = await play((request, response) => {
      const [tags, link] = pages[request.url ?? ""] ?? [[], null]
      if (link !== null) response.setHeader("link", link)
      response.end(JSON.stringify({ name: "chat/server", tags }))
    })

    expect(await anonymous().tags(`${name}/chat/server`, ctx)).toEqual(["1.0.0", "1.1.0", "1.2.0"])
  })

  it("is left when its list never ends", async () => {
    const name = await play((request, response) => {
      response.setHeader("link", `<${request.url ?? ""}>; rel="next"`)
      response.end(JSON.stringify({ tags: ["1.0.0"] }))
    })

    await expect(anonymous().tags(`${name}/chat/server`, ctx)).rejects.toMatchObject({ message: `${name} does not end its list of tags` })
  })

  it("is refused when its bytes are not those of the digest", async () => {
    const name = await play((_request, response) => {
      response.setHeader("docker-content-digest", `sha256:${"0".repeat(64)}`)
      response.end(JSON.stringify({ schemaVersion: 2, config: { digest: `sha256:${"1".repeat(64)}` } }))
    })

    await expect(anonymous().digest(`${name}/chat/server`, "1.0.0", ctx)).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
      message: `${name} served other bytes for 1.0.0 than their digest`,
    })
  })
})

/** The flow of registries that send us elsewhere for a token, played likewise. */
describeNeeding()("a registry that asks for a token", () => {
  it("is told the token that its own place gives for this repository, against name and password", async () => {
    const asked: string[] = []
    const name = await play((request, response) => {
      const url = new URL(request.url ?? "", "http://registry")
      asked.push(`${url.pathname} ${request.headers.authorization ?? "nobody"}`)
      if (url.pathname === "/token") {
        response.end(JSON.stringify({ token: `for ${url.searchParams.get("scope")} at ${url.searchParams.get("service")}` }))
      } else if (request.headers.authorization === undefined) {
        const realm = `http://${request.headers.host}/token`
        response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="reg",scope="repository:chat/server:pull"` }).end()
      } else response.end(JSON.stringify({ name: "chat/server", tags: ["1.0.0"] }))
    })
    const credentials = new Map([[name, { kind: "basic" as const, user: "ops", password: new Secret("pw") }]])

    expect(await createImageRegistry({ credentials }).tags(`${name}/chat/server`, ctx)).toEqual(["1.0.0"])
    expect(asked).toEqual([
      "/v2/chat/server/tags/list nobody",
      `/token Basic ${Buffer.from("ops:pw").toString("base64")}`,
      "/v2/chat/server/tags/list Bearer for repository:chat/server:pull at reg",
    ])
  })
})

/** A server on loopback for one test; resolves to its name as images write it. */
async function play(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`
}
