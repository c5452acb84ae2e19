import { realpath } from "node:fs/promises"
import { request, type ClientRequest, type IncomingMessage } from "node:http"
import { askKey, foundIn, LIMITS, type Ask, type Findings, type Found, type Written } from "../../socket-proxy/socket-proxy.ts"

/** The engine behind the proxy. Every request to it is made here, from what the proxy wrote itself. */
export interface Engine {
  /** Asks what the decision needs. Rejects when the engine does not answer. */
  lookUp(asks: readonly Ask[], signal: AbortSignal): Promise<Findings>
  /** A request that is not yet sent; whoever has it writes the body and ends it. */
  open(written: Written, more: OpenOptions): ClientRequest
}

export interface OpenOptions {
  readonly signal: AbortSignal
  readonly registryAuth?: string | null
  /** The connection is taken over once the engine agrees. */
  readonly upgrade?: boolean
  /** The body follows piece by piece, as an archive. */
  readonly archive?: boolean
}

const NAME = /^[a-zA-Z0-9][\w.-]*$/
const PLACE = { container: "/containers/", network: "/networks/", volume: "/volumes/", image: "/images/" } as const

/** @param socketPath of the real engine */
export function createEngine(socketPath: string): Engine {
  const inspect = async (path: string, signal: AbortSignal): Promise<unknown> => {
    const sent = request({ socketPath, path, method: "GET", headers: { Host: "docker" }, agent: false, signal })
    sent.end()
    const answer = await responseOf(sent)
    const bytes = await readWhole(answer)
    if (answer.statusCode === 404) return null
    if (answer.statusCode !== 200 || bytes === null) throw new Error(`the engine answered ${answer.statusCode} to ${path}`)
    const value: unknown = JSON.parse(bytes.toString("utf8"))
    return value
  }
  const find = async ({ kind, name }: Ask, signal: AbortSignal): Promise<Found | null> => {
    if (kind === "path") return await findPath(name)
    if (!NAME.test(name)) return null
    if (kind === "exec") {
      const exec = await inspect(`/exec/${name}/json`, signal)
      const container = typeof exec === "object" && exec !== null && "ContainerID" in exec ? exec.ContainerID : null
      if (typeof container !== "string") return null
      const inside = await find({ kind: "container", name: container }, signal)
      return inside === null ? null : { ...inside, id: name }
    }
    const suffix = kind === "container" || kind === "image" ? "/json" : ""
    const answer = await inspect(`${PLACE[kind]}${name}${suffix}`, signal)
    return answer === null ? null : foundIn(kind, answer)
  }
  return {
    lookUp: async (asks, signal) => new Map(await Promise.all(asks.map(async (ask) => [askKey(ask), await find(ask, signal)] as const))),
    open: (written, more) =>
      request({
        socketPath,
        path: written.target,
        method: written.method,
        headers: headersOf(written, more),
        agent: false,
        signal: more.signal,
      }),
  }
}

async function findPath(path: string): Promise<Found | null> {
  const real = await realpath(path).catch(() => null)
  return real === null ? null : { id: real, name: path, labels: {} }
}

/** The whole head, by us: nothing of the caller's is passed on but checked credentials. */
function headersOf({ body, method }: Written, { registryAuth, upgrade, archive }: OpenOptions): Record<string, string> {
  const length = body === undefined ? 0 : Buffer.byteLength(JSON.stringify(body))
  const changes = method === "POST"
  return {
    Host: "docker",
    ...(upgrade === true ? { Connection: "Upgrade", Upgrade: "tcp" } : {}),
    ...(archive === true ? { "Content-Type": "application/x-tar", "Transfer-Encoding": "chunked" } : {}),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(changes ? { "Content-Length": String(length) } : {}),
    ...(registryAuth === null || registryAuth === undefined ? {} : { "X-Registry-Auth": registryAuth }),
  }
}

/** Rejects when the engine does not answer. */
export async function responseOf(sent: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    sent.once("response", resolve)
    sent.once("error", reject)
  })
}

/** Everything that comes, or null when it is too much. Rejects when it breaks off. */
export async function readWhole(stream: AsyncIterable<unknown>, limit: number = LIMITS.answerBytes): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
