import type Dockerode from "dockerode"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { ChildRequest, ChildResult, Processes } from "../process/process.ts"
import type { Argv } from "../../app/app.ts"
import type { RunContext } from "../../base/run-context.ts"
import { HoldfastError } from "../../base/errors.ts"
import { apiError, statusOf } from "./engine-error.ts"
import { findEndpoint, type Endpoint } from "./endpoint.ts"

/** The two ways to the one engine: its API for questions and small changes, its CLI where descriptors are handed over. */
export interface Client {
  endpoint(ctx: RunContext): Promise<Endpoint>
  /** Runs an API call; a failure is our error, named `what`. The call may end by `ctx.signal`. */
  call<T>(what: string, ctx: RunContext, run: (api: Dockerode) => Promise<T>): Promise<T>
  /** The same, but null when the engine says that there is no such thing. */
  find<T>(what: string, ctx: RunContext, run: (api: Dockerode) => Promise<T>): Promise<T | null>
  docker(args: readonly string[], ctx: RunContext, options?: ChildOptions): Promise<ChildResult>
  compose(args: readonly string[], ctx: RunContext, options?: ChildOptions): Promise<ChildResult>
  /** A private directory below the scratch directory. */
  readonly scratchDirectory: string
}

export type ChildOptions = Pick<ChildRequest, "stdin" | "stdout" | "timeoutMs" | "killAfterMs" | "cwd">

export interface ClientOptions {
  readonly processes: Processes
  readonly dockerBinary: string
  readonly compose: Argv
  readonly environment: Readonly<Record<string, string>>
  readonly scratchDirectory: string
}

/** Nothing is loaded and no engine is asked before the first call: dockerode alone costs a third of a command's start. */
export function createClient(options: ClientOptions): Client {
  const { processes, environment } = options
  let found: Endpoint | null = null
  let api: Dockerode | null = null
  const endpoint = async (ctx: RunContext): Promise<Endpoint> =>
    (found ??= await findEndpoint(processes, options.dockerBinary, environment, ctx))
  const call: Client["call"] = async (what, ctx, run) => {
    ctx.signal.throwIfAborted()
    api ??= await openApi(await endpoint(ctx), environment)
    try {
      return await run(api)
    } catch (thrown) {
      if (ctx.signal.aborted) throw ctx.signal.reason
      throw statusOf(thrown) === 404 ? thrown : apiError(what, thrown)
    }
  }
  const child = async (argv: Argv, ctx: RunContext, more: ChildOptions = {}): Promise<ChildResult> => {
    const { address } = await endpoint(ctx)
    return await processes.run({ ...more, argv, environment: { ...environment, DOCKER_HOST: address }, signal: ctx.signal })
  }
  return {
    endpoint,
    scratchDirectory: options.scratchDirectory,
    call: async (what, ctx, run) => {
      try {
        return await call(what, ctx, run)
      } catch (thrown) {
        throw statusOf(thrown) === 404 ? apiError(what, thrown) : thrown
      }
    },
    find: async (what, ctx, run) => {
      try {
        return await call(what, ctx, run)
      } catch (thrown) {
        if (statusOf(thrown) === 404) return null
        throw thrown
      }
    },
    docker: async (args, ctx, more) => await child([options.dockerBinary, ...args], ctx, more),
    compose: async (args, ctx, more) => await child([...options.compose, ...args], ctx, more),
  }
}

async function openApi(endpoint: Endpoint, environment: Readonly<Record<string, string>>): Promise<Dockerode> {
  const { default: Engine } = await import("dockerode")
  if (endpoint.kind === "socket") return new Engine({ host: undefined, port: undefined, protocol: "http", socketPath: endpoint.path })
  const { host, port } = endpoint
  if (!endpoint.tls) return new Engine({ host, port, protocol: "http" })
  return new Engine({ host, port, protocol: "https", ...certificates(environment) })
}

function certificates(environment: Readonly<Record<string, string>>): { ca: Buffer; cert: Buffer; key: Buffer } {
  const directory = environment["DOCKER_CERT_PATH"] ?? join(environment["HOME"] ?? "/root", ".docker")
  try {
    const [ca, cert, key] = [join(directory, "ca.pem"), join(directory, "cert.pem"), join(directory, "key.pem")]
    return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) }
  } catch (cause) {
    throw new HoldfastError("ENGINE_UNREACHABLE", { what: `the Docker engine's certificates in ${directory} cannot be read`, cause })
  }
}
