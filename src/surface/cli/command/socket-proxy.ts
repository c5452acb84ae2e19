import { realpath, stat } from "node:fs/promises"
import { HoldfastError } from "../../../base/errors.ts"
import { counted } from "../../../base/units.ts"
import type { SocketProxyOutput } from "../../../contract/output-service.ts"
import { isCanonical } from "../../../socket-proxy/bind-source.ts"
import { PERMISSIONS, readSwitches, type BindSource, type Permission, type Policy } from "../../../socket-proxy/socket-proxy.ts"
import { readListenPlace } from "../../proxy/listen-place.ts"
import { startProxy, type Refused } from "../../proxy/proxy.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandRun } from "../command-spec.ts"
import type { CommandInput } from "../input.ts"

const DEFAULT_SOCKET = "/var/run/docker.sock"

/** `holdfast socket-proxy` */
export const run: CommandRun = async (house, input) => {
  const text = input.text("listen")
  if (text === null) throw new HoldfastError("USAGE", { what: "--listen is missing", why: "the proxy listens nowhere by itself" })
  const listen = readListenPlace(text, input.flag("internal-network"))
  const named = (input.text("socket") ?? DEFAULT_SOCKET).replace(/^unix:\/\//, "")
  const socketPath = await engineSocket(named)
  const policy = await policyOf(house, input, [named, socketPath, ...(listen.kind === "socket" ? [listen.path] : [])])
  let refused = 0
  const proxy = await startProxy({
    listen,
    socketPath,
    policy,
    clock: house.clock,
    onRefused: (one) => {
      refused += 1
      tellRefused(house, one)
    },
  })
  try {
    house.progress.note(`${proxy.address} serves ${policy.projects.length === 0 ? "what is made through it" : policy.projects.join(", ")}`)
    await interrupted(house.signal)
  } finally {
    await proxy.close()
  }
  const document: SocketProxyOutput = { format: "holdfast.socket-proxy", version: 1, address: proxy.address, refused }
  return { document, lines: [`${counted(refused, "request was", "requests were")} refused`] }
}

async function policyOf(house: CliHouse, input: CommandInput, sockets: readonly string[]): Promise<Policy> {
  const projects = input.list("project")
  const repositories = input.list("repository")
  for (const name of projects) {
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) throw usage(`${JSON.stringify(name)} is not the name of a compose project`)
  }
  return {
    projects,
    scope: projects.toSorted().join(",") || "own",
    bindSources: await Promise.all(input.list("allow-path").map(bindSourceOf)),
    engineSockets: ["/var/run/docker.sock", "/run/docker.sock", ...sockets],
    capabilities: input.list("allow-capability").map((each) => each.replace(/^CAP_/, "")),
    repositories: repositories.length === 0 ? null : repositories,
    digestsOnly: input.flag("digests-only"),
    permissions: input.list("allow").map(permissionOf),
    switches: readSwitches(house.environment),
  }
}

/** `/srv/app`, `/srv/app:ro` */
async function bindSourceOf(text: string): Promise<BindSource> {
  const readOnly = text.endsWith(":ro")
  const path = readOnly ? text.slice(0, -":ro".length) : text
  if (!isCanonical(path)) throw usage(`${JSON.stringify(path)} is not a path that can be allowed: absolute, and written plainly`)
  return { path, real: await realpath(path).catch(() => null), readOnly }
}

function permissionOf(text: string): Permission {
  const found = PERMISSIONS.find((each) => each === text)
  if (found === undefined) throw usage(`--allow takes ${PERMISSIONS.join(", ")}, not ${JSON.stringify(text)}`)
  return found
}

async function engineSocket(path: string): Promise<string> {
  const found = await stat(path).catch(() => null)
  if (found?.isSocket() !== true) {
    throw new HoldfastError("ENGINE_UNREACHABLE", {
      what: `${path} is not the socket of an engine`,
      hint: "Check that the Docker engine runs; where its socket is another (DOCKER_HOST is not asked), name it with --socket.",
    })
  }
  return await realpath(path)
}

function tellRefused({ progress, log }: CliHouse, { method, path, status, why }: Refused): void {
  const asked = method === "" ? "a request" : JSON.stringify(`${method} ${path}`.slice(0, 200))
  progress.warn(`refused ${asked} (${status}): ${why}`)
  log.warn("request refused", { method, path: path.slice(0, 200), status, why })
}

async function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((done) => signal.addEventListener("abort", () => done(), { once: true }))
}

function usage(what: string): HoldfastError {
  return new HoldfastError("USAGE", { what })
}
