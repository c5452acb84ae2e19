import { z } from "zod"
import type { ComposeProject } from "../../app/app.ts"
import type { ServiceState } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { projectArgs } from "./compose.ts"
import { cliError } from "./engine-error.ts"
import { listServices } from "./service-containers.ts"
import { dependenciesOf } from "./start-order.ts"

const serviceSchema = z.looseObject({
  network_mode: z.string().optional(),
  ipc: z.string().optional(),
  pid: z.string().optional(),
  volumes_from: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.json()).optional(),
})
const configSchema = z.looseObject({ services: z.record(z.string(), serviceSchema) })
type Config = z.infer<typeof configSchema>
type Service = z.infer<typeof serviceSchema>

/**
 * What compose would write on the container of each service, and which version of it that is. Several hashes for a service: `up` hashes it with
 * the contents of its env files and with the container whose network or processes it shares, where `config --hash` has the names of both; and
 * `up --no-deps` leaves out what it depends on and what is not named with it: that the container tells (measured: 2.26). None for a service with `volumes_from`: compose tells nobody what it hashes
 * there. The first is what a plain `up` writes. Throws COMPOSE_INVALID.
 */
export async function configHashes(
  client: Client,
  project: ComposeProject,
  ctx: RunContext,
): Promise<{ composeVersion: string; byService: Readonly<Record<string, readonly string[]>> }> {
  const version = await ask(client, project, ["version", "--short"], ctx)
  const all = ["--profile", "*", "config"]
  const named = hashesIn(await ask(client, project, [...projectArgs(project), ...all, "--hash", "*"], ctx))
  const shown = await ask(client, project, [...projectArgs(project), ...all, "--format", "json"], ctx)
  const config = configSchema.parse(JSON.parse(shown))
  const states = await listServices(client, project.projectName, ctx)
  const resolved = sharing(config, states)
  const fromInput = [...projectArgs({ ...project, files: ["-"] }), ...all, "--hash", "*"]
  const whole = hashesIn(await ask(client, project, fromInput, ctx, JSON.stringify(resolved)))
  const made = hashesIn(await ask(client, project, fromInput, ctx, JSON.stringify(asMade(resolved, states))))
  return {
    composeVersion: version.trim(),
    byService: Object.fromEntries(
      [...named]
        .filter(([service]) => config.services[service]?.volumes_from === undefined)
        .map(([service, hash]) => [service, [...new Set([whole.get(service) ?? hash, hash, made.get(service) ?? hash])]]),
    ),
  }
}

function hashesIn(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").map((line) => /^(\S+) ([0-9a-f]+)$/.exec(line.trim()))
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])))
}

/** As `up` puts it before it hashes: the first container of a service. Without one it stays a name: whoever shares it is made anew then. */
function sharing(config: Config, states: readonly ServiceState[]): Config {
  const containers = new Map(states.toReversed().map(({ service, containerId }) => [service, containerId]))
  const shared = (mode: string): string => {
    const id = mode.startsWith("service:") ? containers.get(mode.slice("service:".length)) : undefined
    return id === undefined ? mode : `container:${id}`
  }
  const services = mapServices(config, (_name, service) => ({
    ...service,
    ...(service.network_mode === undefined ? {} : { network_mode: shared(service.network_mode) }),
    ...(service.ipc === undefined ? {} : { ipc: shared(service.ipc) }),
    ...(service.pid === undefined ? {} : { pid: shared(service.pid) }),
  }))
  return { ...config, services }
}

/** Each service with those dependencies alone that its container was made with. */
function asMade(config: Config, states: readonly ServiceState[]): Config {
  const services = mapServices(config, (name, { depends_on: dependsOn, ...service }) => {
    const state = states.find((one) => one.service === name)
    const made = state === undefined ? [] : dependenciesOf(state).map((one) => one.service)
    const kept = Object.entries(dependsOn ?? {}).filter(([other]) => made.includes(other))
    return kept.length === 0 ? service : { ...service, depends_on: Object.fromEntries(kept) }
  })
  return { ...config, services }
}

function mapServices({ services }: Config, change: (name: string, service: Service) => Service): Record<string, Service> {
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, change(name, service)]))
}

async function ask(client: Client, project: ComposeProject, args: readonly string[], ctx: RunContext, input?: string): Promise<string> {
  const stdin = input === undefined ? {} : { stdin: { text: input } }
  const shown = await client.compose(args, ctx, { cwd: project.projectDirectory, ...stdin })
  if (shown.exitCode === 0) return shown.stdout
  throw cliError("COMPOSE_INVALID", `the compose configuration of ${project.projectName} cannot be resolved`, shown.stderrTail)
}
