import type { Processes } from "../process/process.ts"
import type { RunContext } from "../../base/run-context.ts"
import { HoldfastError } from "../../base/errors.ts"

/** Where the engine listens, in the form of DOCKER_HOST. The API client and the CLI must never talk to two different engines. */
export type Endpoint =
  | { readonly kind: "socket"; readonly address: string; readonly path: string }
  | { readonly kind: "tcp"; readonly address: string; readonly host: string; readonly port: number; readonly tls: boolean }

/** DOCKER_HOST when it is set, else what the CLI's current context says. Throws ENGINE_UNREACHABLE for a kind that is not served. */
export async function findEndpoint(
  processes: Processes,
  dockerBinary: string,
  environment: Readonly<Record<string, string>>,
  ctx: RunContext,
): Promise<Endpoint> {
  const given = environment["DOCKER_HOST"]
  const tls = environment["DOCKER_TLS_VERIFY"] !== undefined && environment["DOCKER_TLS_VERIFY"] !== ""
  if (given !== undefined && given !== "") return parseEndpoint(given, tls)
  const argv = [dockerBinary, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"] as const
  const shown = await processes.run({ argv, environment, signal: ctx.signal })
  const address = shown.exitCode === 0 ? shown.stdout.trim() : ""
  return parseEndpoint(address === "" ? "unix:///var/run/docker.sock" : address, tls)
}

export function parseEndpoint(address: string, tls: boolean): Endpoint {
  const socket = /^unix:\/\/(\/.+)$/.exec(address)?.[1]
  if (socket !== undefined) return { kind: "socket", address, path: socket }
  const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:]+)\]|([^:/]+))(?::(\d+))?\/?$/.exec(address)
  const host = tcp?.[1] ?? tcp?.[2]
  if (host === undefined) {
    throw new HoldfastError("ENGINE_UNREACHABLE", {
      what: `the Docker engine's address ${address} is of a kind that is not supported`,
      hint: "Set DOCKER_HOST to unix:///path/to/docker.sock or tcp://host:port.",
    })
  }
  return { kind: "tcp", address, host, port: Number(tcp?.[3] ?? (tls ? 2376 : 2375)), tls }
}
