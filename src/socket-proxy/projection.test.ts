import { describe, expect, it } from "vitest"
import { foundIn } from "./found-in.ts"
import { readSwitches, type Policy } from "./socket-proxy.ts"
import { projectContainer, projectContainers } from "./project-container.ts"
import { projectImage, projectImages, projectInfo, projectVersion } from "./project-engine.ts"
import { projectNetworks, projectVolume, projectVolumes } from "./project-place.ts"

const CANARY = "canary-7d2e-secret"
const policy: Policy = {
  projects: ["ours"],
  scope: "mine",
  bindSources: [],
  engineSockets: [],
  capabilities: [],
  repositories: ["chat"],
  digestsOnly: false,
  permissions: [],
  switches: readSwitches({}),
}
const ours = { "com.docker.compose.project": "ours" }
const made = { "holdfast.socket-proxy": "mine" }
const foreign = { "com.docker.compose.project": "foreign", "holdfast.socket-proxy": "ours" }

describe("what is shown", () => {
  it("of a container holds neither environment nor output of health checks nor options of its log", () => {
    const shown = projectContainer({
      Id: "1",
      Name: "/web",
      LogPath: CANARY,
      State: { Status: "running", Pid: 7, Health: { Status: "healthy", FailingStreak: 0, Log: [{ Output: CANARY }] } },
      Config: { Env: [`TOKEN=${CANARY}`], Cmd: ["x"], Labels: ours, Secret: CANARY },
      HostConfig: { NetworkMode: "ours_default", LogConfig: { Type: "splunk", Config: { token: CANARY } } },
      Mounts: [{ Type: "volume", Name: "ours_data" }],
      GraphDriver: { Data: CANARY },
    })
    expect(JSON.stringify(shown)).not.toContain(CANARY)
    expect(shown).toMatchObject({
      Id: "1",
      Name: "/web",
      State: { Status: "running", Pid: 7, Health: { Status: "healthy", FailingStreak: 0 } },
      Config: { Env: [], Cmd: ["x"], Labels: ours },
      HostConfig: { NetworkMode: "ours_default", LogConfig: { Type: "splunk" } },
      Mounts: [{ Name: "ours_data" }],
    })
    expect(projectContainer({ State: { Status: "exited" } })).toMatchObject({ State: { Status: "exited" } })
    expect(JSON.stringify(projectContainer({ State: {} }))).not.toContain("Health")
  })

  it("of lists are things of the projects and of the proxy alone", () => {
    const all = [
      { Id: "1", Name: "1", Labels: ours, HostConfig: { NetworkMode: "x", Secret: CANARY } },
      { Id: "2", Name: "2", Labels: made },
      { Id: "3", Name: "3", Labels: foreign },
      { Id: "4", Name: "4", Labels: null },
    ]
    expect(projectContainers(all, policy)).toEqual([
      { Id: "1", Labels: ours, HostConfig: { NetworkMode: "x" } },
      { Id: "2", Labels: made, HostConfig: {} },
    ])
    expect(projectNetworks(all, policy)).toEqual([
      { Id: "1", Name: "1", Labels: ours },
      { Id: "2", Name: "2", Labels: made },
    ])
    expect(projectVolumes({ Volumes: all }, policy)).toMatchObject({ Volumes: [{ Name: "1" }, { Name: "2" }], Warnings: null })
    expect(projectVolumes({ Volumes: null }, policy)).toEqual({ Volumes: [], Warnings: null })
    expect(projectContainers({ message: "no list" }, policy)).toEqual([])
  })

  it("of a volume holds no credentials of a network drive", () => {
    const cifs = { type: "cifs", device: "//nas/share", o: `username=bob,password=${CANARY},vers=3.0,ro,addr=10.0.0.1`, extra: CANARY }
    expect(projectVolume({ Name: "v", Options: cifs })).toEqual({
      Name: "v",
      Options: { type: "cifs", device: "//nas/share", o: "vers=3.0,ro,addr=10.0.0.1" },
    })
    expect(projectVolume({ Name: "v", Options: null })).toEqual({ Name: "v", Options: null })
    expect(projectVolume({ Name: "v", Options: { device: "/x", o: "bind" } })).toMatchObject({ Options: { device: "/x", o: "bind" } })
  })

  it("of images are those of the allowed repositories, without their environment", () => {
    expect(projectImage({ Id: "i", Config: { Env: [CANARY], Cmd: ["x"], Labels: { a: "b" } }, Author: CANARY })).toEqual({
      Id: "i",
      Config: { Env: [], Cmd: ["x"], Labels: { a: "b" } },
    })
    const images = [
      { Id: "1", RepoTags: ["chat:1"], Author: CANARY },
      { Id: "2", RepoTags: ["other:1"] },
      { Id: "3", RepoTags: null, RepoDigests: [`chat@sha256:${"1".repeat(64)}`] },
      { Id: "4", RepoTags: ["<none>:<none>"] },
    ]
    expect(projectImages(images, policy)).toEqual([
      { Id: "1", RepoTags: ["chat:1"] },
      { Id: "3", RepoTags: null, RepoDigests: [`chat@sha256:${"1".repeat(64)}`] },
    ])
    expect(projectImages(images, { ...policy, repositories: null })).toEqual([])
  })

  it("of the engine is what it is, not what else runs there", () => {
    expect(projectInfo({ Name: "host", OSType: "linux", Containers: 70, HttpProxy: CANARY, RegistryConfig: {}, Labels: [CANARY] })).toEqual(
      {
        Name: "host",
        OSType: "linux",
        Swarm: { LocalNodeState: "inactive" },
      },
    )
    expect(projectVersion({ Version: "20.10", ApiVersion: "1.41", Components: [CANARY] })).toEqual({ Version: "20.10", ApiVersion: "1.41" })
  })
})

describe("what is looked up", () => {
  it("is known by the engine's own id, name and labels", () => {
    expect(foundIn("container", { Id: "1", Name: "/web", Config: { Labels: ours } })).toEqual({ id: "1", name: "web", labels: ours })
    expect(foundIn("network", { Id: "1", Name: "net", Labels: ours })).toEqual({ id: "1", name: "net", labels: ours })
    expect(foundIn("volume", { Name: "data", Labels: { ...ours, number: 1 } })).toEqual({ id: "data", name: "data", labels: ours })
    expect(foundIn("image", { Id: "sha256:1", RepoTags: ["a:1"], RepoDigests: ["a@sha256:2"], Config: { Labels: ours } })).toEqual({
      id: "sha256:1",
      name: "sha256:1",
      labels: {},
      names: ["a:1", "a@sha256:2"],
    })
    expect(foundIn("image", { Id: "sha256:1" })).toMatchObject({ names: [] })
    expect(foundIn("image", { RepoTags: ["a:1"] })).toBeNull()
    expect(foundIn("network", { Id: "1", Name: "a/b" })).toEqual({ id: "1", name: "a/b", labels: {} })
    expect(foundIn("container", { Labels: ours })).toBeNull()
    expect(foundIn("network", "nonsense")).toBeNull()
  })
})
