/** The container that runs a source's server, found by compose labels, and what is known of it from outside. */
import type { PostgresSource } from "../../../app/app.ts"
import type { ContainerEngine, ServiceState } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { Secret } from "../../../base/secret.ts"

/** Null when the source names no service. Throws COMPOSE_SERVICE_MISSING or SERVICE_NOT_RUNNING. */
export async function findContainer(
  containers: ContainerEngine | null,
  source: PostgresSource,
  ctx: RunContext,
): Promise<ServiceState | null> {
  const { service, projectName } = source
  if (containers === null || service === null || projectName === null) return null
  const states = (await containers.services(projectName, ctx)).filter((state) => state.service === service)
  const running = states.find((state) => state.state === "running")
  if (running) return running
  if (source.host !== null) return null
  const [first] = states
  if (first === undefined) {
    throw new HoldfastError("COMPOSE_SERVICE_MISSING", { what: `project ${projectName} has no container of service ${service}` })
  }
  throw new HoldfastError("SERVICE_NOT_RUNNING", {
    what: `service ${service} of project ${projectName} is not running (${first.state})`,
    ...(first.state === "restarting" ? { hint: keepsEnding(service) } : {}),
  })
}

function keepsEnding(service: string): string {
  return `Read why with \`docker compose logs ${service}\`. If its data is broken: move the volume's data aside, start it empty, then restore.`
}

/** Where the container may be reached from here: its own addresses, or this host's when it shares the host's network. */
export function addressesOf(container: ServiceState): readonly string[] {
  return container.addresses.map(({ network, address }) => (network === "host" ? "127.0.0.1" : address)).filter((address) => address !== "")
}

/** The password that the image was given for its first user; null when it was for another user or is not to be had. */
export async function containerPassword(
  containers: ContainerEngine,
  container: ServiceState,
  user: string,
  ctx: RunContext,
): Promise<Secret | null> {
  const { environment } = container
  if ((environment["POSTGRES_USER"]?.reveal() ?? "postgres") !== user) return null
  const file = environment["POSTGRES_PASSWORD_FILE"]?.reveal()
  if (file === undefined || file === "") return environment["POSTGRES_PASSWORD"] ?? null
  const read = await containers.exec(container.containerId, ["cat", file], {}, ctx)
  return read.exitCode === 0 ? new Secret(read.stdout.replace(/\r?\n$/, "")) : null
}
