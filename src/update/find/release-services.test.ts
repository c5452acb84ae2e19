import { describe, expect, it } from "vitest"
import { exampleKey, exampleRelease, exampleRules, NOW } from "../../../test/fixture/release.ts"
import { signDocument } from "../../publish/sign.ts"
import { canonicalManifest, type ReleaseManifest } from "../../release/manifest.ts"
import { trustRelease, type TrustedRelease } from "../../release/trust.ts"
import { allowedRepositories, installable } from "./release-services.ts"

const key = exampleKey()
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`
const server = { repository: "registry.example/chat/server", digest: digest("a") }
const updater = { repository: "registry.example/chat/updater", digest: digest("b") }
const service = (name: string, image: string | null, labels: Readonly<Record<string, string>> = {}) => ({ name, image, labels })
const composed = [
  service("chat", "registry.example/chat/server:1.3.0"),
  service("updater", `registry.example/chat/updater:1.3.0@${digest("9")}`),
  service("postgres", "postgres:17"),
  service("built", null),
]
const anything = { services: null, repositories: [] }

async function trusted(more: Partial<ReleaseManifest>): Promise<TrustedRelease> {
  const manifest = exampleRelease({ preFlight: null, migrate: null, ...more })
  const bytes = Buffer.from(canonicalManifest(manifest))
  const repositories = Object.values(manifest.images).map(({ repository }) => repository)
  const signature = { kind: "detached" as const, content: Buffer.from(signDocument(bytes, key.privateKey)) }
  return await trustRelease(bytes, signature, exampleRules(key.pinned, { repositories, now: NOW }))
}

describe("what a signed release means here", () => {
  it("is an image for each service that runs its repository, whatever either is called", async () => {
    const found = installable(await trusted({ images: { server, sidecar: updater } }), composed, anything)

    expect(found).toMatchObject({ version: "1.4.0", foundIn: "manifest", schemaVersion: "42", notes: "Faster search." })
    expect(found.images).toEqual({ chat: { ...server, tag: null }, updater: { ...updater, tag: null } })
    expect(found.signed).toMatchObject({ product: "chat", channel: "stable", sequence: 7 })
  })

  it("takes the name of a repository as the compose file writes it", async () => {
    const images = { server: { repository: "docker.io/acme/chat", digest: digest("a") } }
    const found = installable(await trusted({ images }), [service("chat", "acme/chat:1.3.0")], anything)

    expect(found.images["chat"]?.repository).toBe("acme/chat")
  })

  it("runs its commands in the service that runs their image", async () => {
    const commands = {
      preFlight: { image: "sidecar", command: ["/app/pre_flight.sh", "--all"] },
      migrate: { image: "server", command: ["/app/migrate.sh"] },
    }
    const found = installable(await trusted({ images: { server, sidecar: updater }, ...commands }), composed, anything)

    expect(found.preFlight).toEqual({ service: "updater", argv: ["/app/pre_flight.sh", "--all"] })
    expect(found.migrate).toEqual({ service: "chat", argv: ["/app/migrate.sh"] })
  })

  it("gives services of one repository the same image, and each its own where the release has several", async () => {
    const services = ["web", "worker"].map((name) => service(name, "registry.example/chat/server:1.3.0"))
    const other = { ...server, digest: digest("c") }

    expect(installable(await trusted({ images: { server } }), services, anything).images["worker"]?.digest).toBe(digest("a"))
    expect(installable(await trusted({ images: { web: server, worker: other } }), services, anything).images).toMatchObject({
      web: { digest: digest("a") },
      worker: { digest: digest("c") },
    })
    const unnamed = await trusted({ images: { one: server, two: other } })
    expect(() => installable(unnamed, services, anything)).toThrow(
      expect.objectContaining({
        code: "RELEASE_SERVICES_DIFFER",
        why: "it has one and two of registry.example/chat/server, and none is named web",
      }),
    )
  })

  it("is refused when one of the services that belong together is not in it", async () => {
    const half = await trusted({ images: { server } })
    const refusal = {
      code: "RELEASE_SERVICES_DIFFER",
      message: "chat 1.4.0 does not fit the services of this app",
      why: `it has no image for updater (${composed[1]?.image}); services that belong together are updated together or not at all`,
    }

    expect(() => installable(half, composed, { services: ["chat", "updater"], repositories: [] })).toThrow(expect.objectContaining(refusal))
    const repositories = [server.repository, updater.repository]
    expect(() => installable(half, composed, { services: null, repositories })).toThrow(expect.objectContaining(refusal))
    expect(Object.keys(installable(half, composed, { services: ["chat"], repositories }).images)).toEqual(["chat"])
  })

  it("is for none in which Holdfast runs, also where services that belong together are named", async () => {
    const ours = [
      service("chat", "registry.example/chat/server:1.3.0"),
      service("updater", "holdfast:0.1.0", { "holdfast.service": "updater" }),
    ]
    const rules = { services: ["chat", "updater"], repositories: [] }

    expect(Object.keys(installable(await trusted({ images: { server } }), ours, rules).images)).toEqual(["chat"])
    expect(allowedRepositories(rules, ours)).toEqual(["registry.example/chat/server"])
  })

  it("is refused when nothing here runs it, or a service that is named is not there", async () => {
    const release = await trusted({ images: { updater } })

    expect(() => installable(release, [service("postgres", "postgres:17")], anything)).toThrow(
      expect.objectContaining({ code: "RELEASE_SERVICES_DIFFER", why: `no service runs an image of ${updater.repository}` }),
    )
    expect(() => installable(release, composed, { services: ["chatalot"], repositories: [] })).toThrow(
      expect.objectContaining({ why: "the compose project has no service chatalot" }),
    )
    const migrating = await trusted({ images: { server, updater }, migrate: { image: "server", command: ["x"] } })
    expect(() => installable(migrating, composed, { services: ["updater"], repositories: [] })).toThrow(
      expect.objectContaining({ why: "its migrate runs in image server, which no service runs" }),
    )
  })
})

describe("repositories that releases may name", () => {
  it("are those that the app runs now, however they are written, unless the settings name others", () => {
    expect(allowedRepositories({ repositories: [] }, composed)).toEqual([
      "docker.io/library/postgres",
      "docker.io/postgres",
      "postgres",
      "registry.example/chat/server",
      "registry.example/chat/updater",
    ])
    expect(allowedRepositories({ repositories: ["docker.io/acme/chat"] }, composed)).toEqual(["acme/chat", "docker.io/acme/chat"])
  })
})
