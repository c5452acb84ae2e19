import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { describeNeeding } from "../fixture/needs.ts"
import type { TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { PASSWORD, startRegistry, USER, type TestRegistry } from "../fixture/registry/registry.ts"
import { suiteDirectory } from "../fixture/tmp.ts"
import { checkPlace, runningProject, type CheckPlace } from "./update-check-world.ts"

const run = promisify(execFile)
const FROM_REGISTRY = { source: "registry", url: undefined, product: undefined, key: undefined, minimumAge: "0s" }
const architecture = process.arch === "x64" ? "amd64" : process.arch

describeNeeding("docker", "registry")("updates by tags of a registry", () => {
  useDocker(["holdfast-test/busybox"])
  let registry: TestRegistry
  let project: TinyProject
  const digests: Record<string, string> = {}
  const push = async (name: "server" | "worker", tags: readonly string[], made = architecture): Promise<void> => {
    const labels = { "org.opencontainers.image.description": `${name} of ${tags.join()}` }
    digests[`${name}:${tags[0]}`] = await registry.push(`chat/${name}`, { architecture: made, labels }, tags)
  }
  const place = async (updates: Readonly<Record<string, unknown>>): Promise<CheckPlace> => {
    const made = await checkPlace(project, registry.name)
    await made.settle({ ...FROM_REGISTRY, ...updates })
    return made
  }

  beforeAll(async () => {
    registry = await startRegistry({ locked: true })
    await push("server", ["1.0.0"])
    await push("server", ["1.9.0"])
    await push("server", ["1.10.0", "latest"])
    await push("server", ["1.11.0-alpine"])
    await push("server", ["2.0.0-rc.1"])
    await push("server", ["2.0.0"])
    await push("server", ["3.0.0"], "s390x")
    for (const tag of ["1.0.0", "1.9.0", "1.10.0", "2.0.0-rc.1"]) await push("worker", [tag])
    await push("worker", ["3.0.0"], "s390x")
    project = await runningProject(await suiteDirectory("tagged"), registry.name, "1.0.0")
  })
  afterAll(async () => await project.remove())
  const withCredentials = async (updates: Readonly<Record<string, unknown>>): Promise<CheckPlace> => {
    const made = await place({ registryCredentials: "./registry_creds", ...updates })
    const credentials = { username: USER, password: PASSWORD, serveraddress: registry.name }
    await writeFile(join(made.directory, "registry_creds"), JSON.stringify(credentials), { mode: 0o600 })
    return made
  }

  it("are the newest version of the range that all services have, each by its own digest", async () => {
    const found = await (await withCredentials({ versions: "^1" })).check()

    expect(found).toMatchObject({ running: "1.0.0", channel: null, notices: [], error: null })
    expect(found.releases).toMatchObject([{ version: "1.10.0", foundIn: "registry", signed: null }])
    expect(found.releases[0]?.images).toEqual({
      server: { repository: `${registry.name}/chat/server`, digest: digests["server:1.10.0"], tag: "1.10.0" },
      worker: { repository: `${registry.name}/chat/worker`, digest: digests["worker:1.10.0"], tag: "1.10.0" },
    })
    expect(found.releases[0]?.notes).toContain("server of 1.10.0,latest")
  })

  it("are refused when one of the services has no such tag, or there is nothing for this machine", async () => {
    const world = await withCredentials({ versions: "2.x" })
    expect(await world.cli.error("update", "check", "chat")).toMatchObject({
      code: "IMAGE_TAG_MISSING",
      what: `${registry.name}/chat/worker has no tag 2.0.0`,
    })
    await world.settle({ ...FROM_REGISTRY, registryCredentials: "./registry_creds", versions: "3.x" })
    expect(await world.cli.error("update", "check", "chat")).toMatchObject({ code: "IMAGE_PLATFORM_MISSING" })
  })

  it("wait until a tag was seen for long enough, whatever time the image bears", async () => {
    const found = await (await withCredentials({ versions: ">=1 <1.10", minimumAge: "1h" })).check()

    expect(found.releases).toEqual([])
    expect(found.notices).toEqual([expect.stringMatching(/^Tag 1\.9\.0 is newer, but younger than 1 h; it is used from 20\S+Z on\.$/)])
  })

  it("cannot be asked for without the credentials that the registry wants", async () => {
    expect(await (await place({})).cli.error("update", "check", "chat")).toMatchObject({ code: "REGISTRY_AUTH_FAILED" })
    expect(await (await place({ registryCredentials: "./none" })).cli.error("update", "check", "chat")).toMatchObject({
      code: "REGISTRY_AUTH_FAILED",
    })
  })
})

describeNeeding(
  "docker",
  "registry",
  "cosign",
)("updates by tags of images that are signed", () => {
  useDocker(["holdfast-test/busybox"])
  let registry: TestRegistry
  let project: TinyProject

  beforeAll(async () => {
    registry = await startRegistry({ locked: false })
    for (const tag of ["1.0.0", "1.1.0"]) {
      await registry.push("chat/server", { architecture, labels: { of: tag } }, [tag])
      await registry.push("chat/worker", { architecture, labels: { of: `worker ${tag}` } }, [tag])
    }
    project = await runningProject(await suiteDirectory("signed-tags"), registry.name, "1.0.0")
  })
  afterAll(async () => await project.remove())

  it("are refused until each image is signed with the key of the settings", async () => {
    const place = await checkPlace(project, registry.name)
    await place.settle({ ...FROM_REGISTRY, key: "./vendor.pub" })
    const sign = async (name: string, key: string): Promise<void> => {
      const words = ["sign", "--key", key, "--tlog-upload=false", "--allow-http-registry", "--yes"]
      const env = { PATH: process.env["PATH"] ?? "", HOME: place.directory, COSIGN_PASSWORD: "correct horse" }
      await run("cosign", [...words, `${registry.name}/chat/${name}:1.1.0`], { cwd: join(place.directory, "vendor"), env })
    }
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "RELEASE_SIGNATURE_MISSING" })
    await sign("server", "vendor.key")
    await place.vendor.run("release", "keygen", "--output", "stranger")
    await sign("worker", "stranger.key")
    expect(await place.cli.error("update", "check", "chat")).toMatchObject({ code: "RELEASE_SIGNATURE_INVALID" })
    await sign("worker", "vendor.key")

    expect((await place.check()).releases).toMatchObject([{ version: "1.1.0" }])
  })
})
