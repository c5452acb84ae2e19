import { describe, expect, it } from "vitest"
import { policy } from "../../test/fixture/socket-proxy/asking.ts"
import { itemsOf } from "./pick.ts"
import { projectContainer, projectContainers } from "./project-container.ts"
import { projectImage, projectImages, projectInfo, projectVersion } from "./project-engine.ts"
import { projectNetwork, projectVolume } from "./project-place.ts"

/** Each name with a value of its own, so that none can stand for another. */
const filled = (names: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, `the ${name}`]))
/** What an engine says besides; none of it is shown. */
const besides = { "": "nameless", Other: "x", Env: ["TOKEN=x"], Secret: "x" }
const ours = { Labels: { "com.docker.compose.project": "ours" } }

const CONTAINER = `Id Created Path Args Image Name RestartCount Driver Platform Mounts SizeRw SizeRootFs NetworkSettings`
const STATE = `Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt`
const CONFIG = `Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Cmd Entrypoint Healthcheck
  Image Volumes WorkingDir Labels StopSignal StopTimeout`
const HOST_CONFIG = `Binds Mounts Tmpfs NetworkMode IpcMode PidMode UTSMode UsernsMode CgroupnsMode Privileged PortBindings PublishAllPorts
  RestartPolicy AutoRemove CapAdd CapDrop SecurityOpt Sysctls Ulimits ShmSize ReadonlyRootfs Init GroupAdd Dns DnsOptions DnsSearch ExtraHosts
  Memory MemoryReservation MemorySwap NanoCpus CpuShares PidsLimit`
const LISTED_CONTAINER = `Id Names Image ImageID Command Created Ports SizeRw SizeRootFs State Status NetworkSettings Mounts`
const IMAGE = `Id RepoTags RepoDigests Created Architecture Variant Os OsVersion Size VirtualSize RootFS Descriptor`
const IMAGE_CONFIG = `User ExposedPorts Cmd Entrypoint Volumes WorkingDir Labels StopSignal Healthcheck`
const LISTED_IMAGE = `Id ParentId RepoDigests Created Size SharedSize VirtualSize Labels Containers`
const INFO = `ID Name ServerVersion OSType Architecture OperatingSystem KernelVersion NCPU MemTotal Driver CgroupDriver CgroupVersion MemoryLimit
  SwapLimit CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit SecurityOptions IndexServerAddress ExperimentalBuild DefaultRuntime LoggingDriver`
const VERSION = `Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion Experimental BuildTime Platform`
const NETWORK = `Name Id Created Scope Driver EnableIPv4 EnableIPv6 IPAM Internal Attachable Ingress ConfigOnly Containers Options Labels`
const VOLUME = `Name Driver Mountpoint CreatedAt Scope Labels UsageData`

describe("all that is shown", () => {
  it("of a container is what somebody has looked at", () => {
    const shown = projectContainer({
      ...filled(CONTAINER),
      ...besides,
      LogPath: "/x",
      State: { ...filled(STATE), ...besides, Health: { ...filled("Status FailingStreak Log"), ...besides } },
      Config: { ...filled(CONFIG), ...besides },
      HostConfig: { ...filled(HOST_CONFIG), ...besides, LogConfig: filled("Type Config") },
    })
    expect(shown).toEqual({
      ...filled(CONTAINER),
      State: { ...filled(STATE), Health: filled("Status FailingStreak") },
      Config: { ...filled(CONFIG), Env: [] },
      HostConfig: { ...filled(HOST_CONFIG), LogConfig: filled("Type") },
    })
  })

  it("of a container in a list is what somebody has looked at", () => {
    const listed = { ...filled(LISTED_CONTAINER), ...ours }
    const given = [{ ...listed, ...besides, HostConfig: { ...filled("NetworkMode Annotations"), ...besides } }]
    expect(projectContainers(given, policy)).toEqual([{ ...listed, HostConfig: filled("NetworkMode") }])
  })

  it("of an image is what somebody has looked at", () => {
    expect(projectImage({ ...filled(IMAGE), ...besides, Config: { ...filled(IMAGE_CONFIG), ...besides } })).toEqual({
      ...filled(IMAGE),
      Config: { ...filled(IMAGE_CONFIG), Env: [] },
    })
  })

  it("of an image in a list is what somebody has looked at, if one of its names is allowed", () => {
    const limited = { ...policy, repositories: ["chat"] }
    const listed = { ...filled(LISTED_IMAGE), RepoTags: ["other:1", "chat:1"] }
    expect(
      projectImages(
        [
          { ...listed, ...besides },
          { ...listed, RepoTags: ["other:1", "a b", 7] },
        ],
        limited,
      ),
    ).toEqual([listed])
  })

  it("of the engine is what somebody has looked at", () => {
    expect(projectInfo({ ...filled(INFO), ...besides, Swarm: { NodeID: "x" } })).toEqual({
      ...filled(INFO),
      Swarm: { LocalNodeState: "inactive" },
    })
    expect(projectVersion({ ...filled(VERSION), ...besides })).toEqual(filled(VERSION))
  })

  it("of a network is what somebody has looked at", () => {
    expect(projectNetwork({ ...filled(NETWORK), ...besides })).toEqual(filled(NETWORK))
  })

  it("of a volume is what somebody has looked at", () => {
    const options = { ...filled("type device"), ...besides, o: "ro,password=x" }
    expect(projectVolume({ ...filled(VOLUME), ...besides, Options: options })).toEqual({
      ...filled(VOLUME),
      Options: { ...filled("type device"), o: "ro" },
    })
  })

  it("of what should be a list and is none is nothing", () => {
    expect(itemsOf({ message: "no list" })).toEqual([])
    expect(itemsOf(null)).toEqual([])
  })
})
