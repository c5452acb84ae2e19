import type { SandboxRequest } from "../../../app/ports.ts"
import { type BindDecision } from "./bind.ts"
import { escapePath, unescapePath, type DeclaredFile, type SourceDocument, type SourceMount, type SourceService } from "./document.ts"
import { withEnvironment } from "./environment.ts"
import { refuseUnsafe, sandboxRefused } from "./refusal.ts"

export const SANDBOX_NETWORK = "sandbox"

/**
 * What a service keeps of its own. A list of what stays, not of what goes: ports, restart, labels (a live reverse proxy reads them), logging
 * drivers, fixed addresses, extra hosts, deploy and whatever compose learns next stay behind.
 */
const KEPT_KEYS = [
  "command entrypoint environment working_dir user group_add hostname domainname platform init tty stdin_open expose pid ipc",
  "tmpfs shm_size read_only healthcheck stop_signal stop_grace_period cap_add cap_drop security_opt sysctls ulimits volumes_from",
  "mem_limit memswap_limit mem_reservation cpus cpu_shares cpu_quota cpuset pids_limit",
].flatMap((line) => line.split(" "))

export interface RewritePlan {
  readonly projectName: string
  readonly labels: Readonly<Record<string, string>>
  readonly included: readonly string[]
  readonly images: SandboxRequest["images"]
  readonly volumeDirectories: SandboxRequest["volumeDirectories"]
  readonly binds: ReadonlyMap<string, BindDecision>
  /** Variable → file that holds its value. */
  readonly variableFiles: ReadonlyMap<string, string>
  /** Service → variables with other values than the app's own. */
  readonly environment: NonNullable<SandboxRequest["environment"]>
}

/** Every service without a profile, and those with one that ran when the point was made (they have an image) or are databases; none that is left out. */
export function includedServices(document: SourceDocument, request: SandboxRequest): readonly string[] {
  const { images, databaseServices, leftOut = [] } = request
  return Object.entries(document.services)
    .filter(([name]) => !leftOut.includes(name))
    .filter(([name, { profiles }]) => (profiles ?? []).length === 0 || name in images || databaseServices.includes(name))
    .map(([name]) => name)
}

/** The reference that a service's container is made from: the point's image, else the one the document names. */
export function imageOf(document: SourceDocument, name: string, images: SandboxRequest["images"]): string {
  return images[name] ?? document.services[name]?.image ?? `${document.name}-${name}`
}

/** The document of an isolated copy (design §6). Pure. Throws SANDBOX_REFUSED with the service and the reason. */
export function rewriteDocument(document: SourceDocument, plan: RewritePlan): Record<string, unknown> {
  const included = new Set(plan.included)
  const services: Record<string, unknown> = {}
  for (const name of plan.included) {
    const service = document.services[name]
    if (service === undefined) continue
    refuseUnsafe(name, service, included)
    services[name] = rewriteService(document, name, service, included, plan)
  }
  return {
    name: plan.projectName,
    services,
    networks: {
      [SANDBOX_NETWORK]: {
        name: `${plan.projectName}_${SANDBOX_NETWORK}`,
        driver: "bridge",
        internal: true,
        // An internal network alone still reaches host processes that listen on every address (measured).
        driver_opts: { "com.docker.network.bridge.inhibit_ipv4": "true" },
        labels: plan.labels,
      },
    },
    volumes: rewriteVolumes(document, plan),
    secrets: rewriteFiles(document, "secrets", plan),
    configs: rewriteFiles(document, "configs", plan),
  }
}

function rewriteService(
  document: SourceDocument,
  name: string,
  service: SourceService,
  included: ReadonlySet<string>,
  plan: RewritePlan,
): Record<string, unknown> {
  const kept = Object.fromEntries(KEPT_KEYS.flatMap((key) => (service[key] === undefined ? [] : [[key, service[key]]])))
  const dependsOn = Object.entries(service.depends_on ?? {}).filter(([other]) => included.has(other))
  const shared = service.network_mode?.startsWith("service:") === true || service.network_mode === "none"
  return {
    ...kept,
    ...(plan.environment[name] === undefined ? {} : { environment: withEnvironment(kept["environment"], plan.environment[name]) }),
    image: escapePath(imageOf(document, name, plan.images)),
    pull_policy: "never",
    restart: "no",
    labels: plan.labels,
    ...(shared ? { network_mode: service.network_mode } : { networks: { [SANDBOX_NETWORK]: { aliases: aliasesOf(document, name) } } }),
    depends_on: Object.fromEntries(dependsOn),
    volumes: (service.volumes ?? []).flatMap((mount) => rewriteMount(document, name, mount, plan)),
    ...(service.secrets ? { secrets: service.secrets } : {}),
    ...(service.configs ? { configs: service.configs } : {}),
  }
}

/** Every name by which others may know the service: its own, its container's, its aliases on live networks, links to it. */
function aliasesOf(document: SourceDocument, name: string): string[] {
  const service = document.services[name]
  const links = Object.values(document.services).flatMap(({ links: list }) =>
    (list ?? []).flatMap((link) => {
      const [target, alias] = link.split(":")
      return target === name && alias !== undefined ? [alias] : []
    }),
  )
  const attached = Object.values(service?.networks ?? {}).flatMap((attachment) => attachment?.aliases ?? [])
  return [...new Set([name, ...(service?.container_name ? [service.container_name] : []), ...attached, ...links])]
}

function rewriteMount(document: SourceDocument, name: string, mount: SourceMount, plan: RewritePlan): Record<string, unknown>[] {
  const target = mount.target ?? ""
  if (mount.type === "tmpfs") return [mount]
  if (mount.type === "bind") return [bindOf(name, decisionFor(mount.source ?? "", plan), target, mount.read_only ?? false)]
  if (mount.type !== "volume") throw sandboxRefused(name, `it mounts a ${mount.type}, which is not supported`)
  if (!mount.source) return [{ type: "volume", target }]
  const directory = plan.volumeDirectories[realVolumeName(document, mount.source)]
  if (directory !== undefined) return [bindOf(name, { use: directory, readOnly: false }, target, mount.read_only ?? false)]
  return [{ type: "volume", source: mount.source, target, read_only: mount.read_only ?? false }]
}

function decisionFor(source: string, plan: RewritePlan): BindDecision {
  return plan.binds.get(unescapePath(source)) ?? { refuse: `it mounts ${source}, about which nothing was decided` }
}

function bindOf(service: string, decision: BindDecision, target: string, readOnly: boolean): Record<string, unknown> {
  if ("refuse" in decision) throw sandboxRefused(service, decision.refuse)
  const source = escapePath(decision.use)
  return { type: "bind", source, target, read_only: readOnly || decision.readOnly, bind: { create_host_path: false } }
}

export function realVolumeName(document: SourceDocument, declared: string): string {
  return document.volumes?.[declared]?.name ?? `${document.name}_${declared}`
}

/** New and empty, whatever driver, options or external name the live one has. */
function rewriteVolumes(document: SourceDocument, plan: RewritePlan): Record<string, unknown> {
  const mounts = plan.included.flatMap((name) => document.services[name]?.volumes ?? [])
  const declared = new Set(mounts.flatMap(({ type, source }) => (type === "volume" && source ? [source] : [])))
  const own = [...declared].filter((name) => plan.volumeDirectories[realVolumeName(document, name)] === undefined)
  return Object.fromEntries(own.map((name) => [name, { name: `${plan.projectName}_${name}`, labels: plan.labels }]))
}

function rewriteFiles(document: SourceDocument, kind: "secrets" | "configs", plan: RewritePlan): Record<string, unknown> {
  const entries: [string, unknown][] = []
  for (const service of plan.included) {
    for (const { source } of document.services[service]?.[kind] ?? []) {
      const item = document[kind]?.[source]
      if (item?.content) entries.push([source, { content: item.content }])
      else
        entries.push([
          source,
          { file: escapePath(handedOver(service, `${kind === "secrets" ? "secret" : "config"} ${source}`, item, plan)) },
        ])
    }
  }
  return Object.fromEntries(entries)
}

function handedOver(service: string, what: string, item: DeclaredFile, plan: RewritePlan): string {
  if (item?.environment) {
    const file = plan.variableFiles.get(item.environment)
    if (file !== undefined) return file
    throw sandboxRefused(service, `its ${what} is the variable ${item.environment}, which the point's .env does not hold`)
  }
  if (!item?.file) throw sandboxRefused(service, `its ${what} does not come from a file`)
  const decision = decisionFor(item.file, plan)
  if ("refuse" in decision) throw sandboxRefused(service, decision.refuse)
  return decision.use
}
