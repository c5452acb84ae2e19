import { z } from "zod"
import type { ServiceMount, ServiceState } from "../../app/ports.ts"
import { Secret } from "../../base/secret.ts"

/** What the engine says of one container, as far as we read it. */
export const containerSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  RestartCount: z.number(),
  State: z.object({
    Status: z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    Pid: z.number(),
    ExitCode: z.number(),
    Error: z.string(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({
    Image: z.string(),
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Tty: z.boolean().nullish(),
    /** Seconds, where the compose file says `stop_grace_period`. */
    StopTimeout: z.number().nullish(),
  }),
  HostConfig: z.object({
    RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number().nullish() }).nullish(),
    Tmpfs: z.record(z.string(), z.string()).nullish(),
  }),
  Mounts: z
    .array(
      z.object({ Type: z.string(), Name: z.string().nullish(), Source: z.string().nullish(), Destination: z.string(), RW: z.boolean() }),
    )
    .nullish(),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish(), GlobalIPv6Address: z.string().nullish() })).nullish(),
  }),
})

export type ContainerFacts = z.infer<typeof containerSchema>

const SERVICE_LABEL = "com.docker.compose.service"

/** @param repositoryDigests of the container's image; empty for an image that was built here */
export function serviceState(facts: ContainerFacts, repositoryDigests: readonly string[]): ServiceState {
  const labels = facts.Config.Labels ?? {}
  return {
    service: labels[SERVICE_LABEL] ?? "",
    containerId: facts.Id,
    containerName: facts.Name.replace(/^\//, ""),
    state: facts.State.Status,
    health: healthOf(facts),
    restartCount: facts.RestartCount,
    restartPolicy: restartPolicyOf(facts),
    imageReference: facts.Config.Image,
    imageId: facts.Image,
    repositoryDigests,
    addresses: addressesOf(facts),
    mounts: [...(facts.Mounts ?? []).flatMap(mountOf), ...tmpfsOf(facts)],
    environment: environmentOf(facts.Config.Env ?? []),
    labels,
  }
}

/** `no`, `always`, `unless-stopped`, `on-failure`, `on-failure:3`, as compose files write it. */
function restartPolicyOf(facts: ContainerFacts): string {
  const policy = facts.HostConfig.RestartPolicy
  const name = policy?.Name === undefined || policy.Name === "" ? "no" : policy.Name
  const retries = policy?.MaximumRetryCount ?? 0
  return name === "on-failure" && retries > 0 ? `${name}:${retries}` : name
}

/** The inverse of what `ServiceState.restartPolicy` shows, as the API takes it. */
export function parseRestartPolicy(text: string): { Name: string; MaximumRetryCount: number } {
  const [name = "no", retries = "0"] = text.split(":")
  return { Name: name, MaximumRetryCount: Number(retries) }
}

function healthOf(facts: ContainerFacts): ServiceState["health"] {
  const status = facts.State.Health?.Status
  return status === "healthy" || status === "unhealthy" || status === "starting" ? status : null
}

function addressesOf(facts: ContainerFacts): ServiceState["addresses"] {
  return Object.entries(facts.NetworkSettings.Networks ?? {}).flatMap(([network, { IPAddress, GlobalIPv6Address }]) =>
    [IPAddress, GlobalIPv6Address].flatMap((address) => (address ? [{ network, address }] : [])),
  )
}

function mountOf(mount: NonNullable<ContainerFacts["Mounts"]>[number]): ServiceMount[] {
  const { Destination: target, Source, Name } = mount
  const hostPath = Source === undefined || Source === "" ? null : Source
  if (mount.Type === "volume") return [{ kind: "volume", source: Name ?? "", hostPath, target, readOnly: !mount.RW }]
  if (mount.Type === "bind") return [{ kind: "bind", source: Source ?? "", hostPath, target, readOnly: !mount.RW }]
  if (mount.Type === "tmpfs") return [{ kind: "tmpfs", source: "", hostPath: null, target, readOnly: !mount.RW }]
  return []
}

function tmpfsOf(facts: ContainerFacts): ServiceMount[] {
  return Object.keys(facts.HostConfig.Tmpfs ?? {}).map((target) => ({ kind: "tmpfs", source: "", hostPath: null, target, readOnly: false }))
}

function environmentOf(lines: readonly string[]): Record<string, Secret> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=")
      return at < 0 ? [line, new Secret("")] : [line.slice(0, at), new Secret(line.slice(at + 1))]
    }),
  )
}
