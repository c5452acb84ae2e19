import type { Json } from "../base/canonical-json.ts"
import { assertBindable } from "./bind-source.ts"
import { createContainerSchema, type CreateContainer } from "./body/create-container.ts"
import { assertNamedUsably, assertUsable, needsItsNames } from "./image-name.ts"
import type { Policy } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"
import { asJson, foundOf, readBody, type Ask, type Findings } from "./route.ts"
import { assertOurs, ownLabels } from "./scope.ts"

/** A host path or a named volume that a container would be given. */
interface Mounted {
  readonly kind: "path" | "volume"
  readonly source: string
  readonly readOnly: boolean
}

/** A body that was understood, and what has to be looked up before it can be sent. */
export interface UnderstoodContainer {
  readonly asks: readonly Ask[]
  /** Throws a Refusal when what was found does not allow it. */
  readonly rebuilt: (found: Findings) => Json
}

/** Reads the body of `POST /containers/create`. Throws a Refusal. */
export function readContainer(given: Json | undefined, policy: Policy): UnderstoodContainer {
  const body = readBody(createContainerSchema, given)
  const images = imagesToLookUp(body.Image, policy)
  assertCapabilities(body.HostConfig.CapAdd ?? [], policy)
  const labels = ownLabels(body.Labels, policy)
  const mounted = mountedIn(body)
  const joined = joinedContainer(body, policy)
  const networks = joined === null ? networksOf(body) : []
  const others = joined === null ? [] : [{ kind: "container" as const, name: joined }]
  return {
    asks: [...images, ...mounted.map(askOf), ...networks.map((name): Ask => ({ kind: "network", name })), ...others],
    rebuilt: (found) => {
      for (const image of images) assertNamedUsably(body.Image, foundOf(image, found).names ?? [], policy)
      for (const each of mounted) assertMountable(each, found, policy)
      for (const name of networks) assertNetwork(name, found, policy)
      for (const other of others) assertJoinable(other, found, policy)
      return asJson({ ...body, Labels: labels })
    },
  }
}

/** An image that is called by its id is looked up for its names. Throws a Refusal for a name that is not allowed. */
function imagesToLookUp(text: string, policy: Policy): readonly Ask[] {
  if (needsItsNames(text, policy)) return [{ kind: "image", name: text.replace(/^sha256:/, "") }]
  assertUsable(text, policy)
  return []
}

/** What every container has unless it gives it up: asking for it back gives nothing more. */
const USUAL = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]

function assertCapabilities(asked: readonly string[], policy: Policy): void {
  const refused = asked.find((each) => ![...USUAL, ...policy.capabilities].includes(each.replace(/^CAP_/, "")))
  if (refused !== undefined) throw new Refusal(`the capability ${quoted(refused)} is not allowed`)
}

function mountedIn({ HostConfig: { Mounts, Binds } }: CreateContainer): readonly Mounted[] {
  const mounts = (Mounts ?? []).flatMap((mount): Mounted[] => {
    if (mount.Type === "bind") return [{ kind: "path", source: mount.Source, readOnly: mount.ReadOnly === true }]
    const named = mount.Type === "volume" ? (mount.Source ?? "") : ""
    return named === "" ? [] : [{ kind: "volume", source: named, readOnly: true }]
  })
  return [...mounts, ...(Binds ?? []).map(readBind)]
}

const BIND = /^([^:\p{Cc}]+):(\/[^:\p{Cc}]*)(?::([a-z,]+))?$/u
const BIND_OPTIONS = ["ro", "rw", "nocopy", "private", "rprivate"]

function readBind(text: string): Mounted {
  const [, source = "", , options] = BIND.exec(text) ?? []
  const words = options?.split(",") ?? []
  const isNamed = /^[a-zA-Z0-9][\w.-]*$/.test(source)
  if (!words.every((word) => BIND_OPTIONS.includes(word)) || !(isNamed || source.startsWith("/"))) {
    throw new Refusal(`the mount ${quoted(text)} is not understood`)
  }
  // `ro,rw` is for the engine to laugh about, not for us to guess.
  return { kind: isNamed ? "volume" : "path", source, readOnly: words.includes("ro") && !words.includes("rw") }
}

function askOf({ kind, source }: Mounted): Ask {
  return { kind, name: source }
}

function assertMountable({ kind, source, readOnly }: Mounted, found: Findings, policy: Policy): void {
  if (kind === "path") return assertBindable(source, found.get(`path ${source}`)?.id ?? null, readOnly, policy)
  // The engine would make a volume that is missing, and nobody could say whose it is.
  assertOurs(`the volume ${quoted(source)}`, foundOf({ kind, name: source }, found).labels, policy)
}

/** With its whole id: a name may be that of another one by the time it is used. */
const JOINED = /^container:([0-9a-f]{64})$/

/**
 * The container whose network this one would share; null where it would share none. Whoever may run commands inside a container has its
 * network anyway.
 */
function joinedContainer({ HostConfig, NetworkingConfig }: CreateContainer, { permissions, switches }: Policy): string | null {
  const mayRunInside = permissions.includes("exec") && switches.EXEC
  const named = Object.keys(NetworkingConfig?.EndpointsConfig ?? {})
  if (!mayRunInside || named.length > 0) return null
  return JOINED.exec(HostConfig.NetworkMode ?? "")?.[1] ?? null
}

function assertJoinable(asked: Ask, found: Findings, policy: Policy): void {
  const { id, labels } = foundOf(asked, found)
  assertOurs(`the container ${quoted(asked.name)}`, labels, policy)
  // A container may be called by what looks like an id.
  if (id !== asked.name) throw new Refusal(`the container ${quoted(asked.name)} is not named by its id`)
}

/** Every network that is named. `none` is no network; the engine's own ones hold other people's containers, or are the host's. */
function networksOf(body: CreateContainer): readonly string[] {
  const mode = body.HostConfig.NetworkMode ?? ""
  const named = Object.keys(body.NetworkingConfig?.EndpointsConfig ?? {})
  const shared = [mode, ...named].find((name) => ["", "default", "bridge", "host"].includes(name) || name.includes(":"))
  if (shared !== undefined) throw new Refusal(`the network ${quoted(shared)} is shared with others; name one of the project, or none`)
  return [...new Set([mode, ...named])].filter((name) => name !== "none")
}

function assertNetwork(name: string, found: Findings, policy: Policy): void {
  const network = foundOf({ kind: "network", name }, found)
  assertOurs(`the network ${quoted(name)}`, network.labels, policy)
  // A beginning of an id would do for the engine, and might mean another one by the time it is used.
  if (network.name !== name && network.id !== name) throw new Refusal(`the network ${quoted(name)} is not named in full`)
}
