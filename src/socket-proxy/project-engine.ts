import { imageNameIn, isListed } from "./image-name.ts"
import { itemsOf, membersOf, pick, textOf, type Members } from "./pick.ts"
import type { Policy } from "./policy.ts"

const IMAGE = [
  "Id",
  "RepoTags",
  "RepoDigests",
  "Created",
  "Architecture",
  "Variant",
  "Os",
  "OsVersion",
  "Size",
  "VirtualSize",
  "RootFS",
  "Descriptor",
]
const CONFIG = ["User", "ExposedPorts", "Cmd", "Entrypoint", "Volumes", "WorkingDir", "Labels", "StopSignal", "Healthcheck"]
const LISTED = ["Id", "ParentId", "RepoTags", "RepoDigests", "Created", "Size", "SharedSize", "VirtualSize", "Labels", "Containers"]
const INFO = [
  "ID",
  "Name",
  "ServerVersion",
  "OSType",
  "Architecture",
  "OperatingSystem",
  "KernelVersion",
  "NCPU",
  "MemTotal",
  "Driver",
  "CgroupDriver",
  "CgroupVersion",
  "MemoryLimit",
  "SwapLimit",
  "CpuCfsPeriod",
  "CpuCfsQuota",
  "CPUShares",
  "CPUSet",
  "PidsLimit",
  "SecurityOptions",
  "IndexServerAddress",
  "ExperimentalBuild",
  "DefaultRuntime",
  "LoggingDriver",
]
const VERSION = [
  "Version",
  "ApiVersion",
  "MinAPIVersion",
  "GitCommit",
  "GoVersion",
  "Os",
  "Arch",
  "KernelVersion",
  "Experimental",
  "BuildTime",
  "Platform",
]

/** An image without the environment that is built into it. */
export function projectImage(answer: unknown): Members {
  return { ...pick(answer, IMAGE), Config: { ...pick(membersOf(answer)["Config"], CONFIG), Env: [] } }
}

/** Only images with a name of an allowed repository; images carry no label of whoever uses them. */
export function projectImages(answer: unknown, { repositories }: Policy): readonly Members[] {
  if (repositories === null) return []
  return itemsOf(answer)
    .filter((each) => {
      const { RepoTags, RepoDigests } = membersOf(each)
      return [...itemsOf(RepoTags), ...itemsOf(RepoDigests)].some((name) =>
        isListed(imageNameIn(textOf(name))?.repository ?? null, repositories),
      )
    })
    .map((each) => pick(each, LISTED))
}

/** What the engine is and can do; nothing of what else runs there, of its registries or its proxies. */
export function projectInfo(answer: unknown): Members {
  return { ...pick(answer, INFO), Swarm: { LocalNodeState: "inactive" } }
}

export function projectVersion(answer: unknown): Members {
  return pick(answer, VERSION)
}
