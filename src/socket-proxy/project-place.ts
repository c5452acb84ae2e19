import { itemsOf, labelsIn, membersOf, pick, textOf, type Members } from "./pick.ts"
import type { Policy } from "./policy.ts"
import { isOurs } from "./scope.ts"

const NETWORK = [
  "Name",
  "Id",
  "Created",
  "Scope",
  "Driver",
  "EnableIPv4",
  "EnableIPv6",
  "IPAM",
  "Internal",
  "Attachable",
  "Ingress",
  "ConfigOnly",
  "Containers",
  "Options",
  "Labels",
]
const VOLUME = ["Name", "Driver", "Mountpoint", "CreatedAt", "Scope", "Labels", "UsageData"]
/** Of a mount's options; user names and passwords of network drives are among the others. */
const MOUNT_OPTION = /^([a-z]+|(addr|vers|nfsvers|size|uid|gid|mode)=[\w.:-]+)$/

export function projectNetwork(answer: unknown): Members {
  return pick(answer, NETWORK)
}

/** Only networks that are ours. */
export function projectNetworks(answer: unknown, policy: Policy): readonly Members[] {
  return ours(answer, policy).map(projectNetwork)
}

/** A volume, without the credentials of a network drive. */
export function projectVolume(answer: unknown): Members {
  const options = membersOf(membersOf(answer)["Options"])
  const words = textOf(options["o"]).split(",")
  const shown = {
    ...pick(options, ["type", "device"]),
    ...("o" in options ? { o: words.filter((word) => MOUNT_OPTION.test(word)).join(",") } : {}),
  }
  return { ...pick(answer, VOLUME), Options: Object.keys(shown).length === 0 ? null : shown }
}

/** Only volumes that are ours. */
export function projectVolumes(answer: unknown, policy: Policy): Members {
  return { Volumes: ours(membersOf(answer)["Volumes"], policy).map(projectVolume), Warnings: null }
}

function ours(answer: unknown, policy: Policy): readonly unknown[] {
  return itemsOf(answer).filter((each) => isOurs(labelsIn(membersOf(each)["Labels"]), policy))
}
