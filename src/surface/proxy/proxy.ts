/** The socket proxy as a server: takes requests on a socket of its own, and asks the engine only what the policy wrote (design §10). */
import { createServer, type Server } from "node:http"
import type { Socket } from "node:net"
import type { Clock } from "../../base/clock.ts"
import { LIMITS, type Policy } from "../../socket-proxy/socket-proxy.ts"
import { rawAnswer } from "./answer.ts"
import { createEngine } from "./engine.ts"
import type { Ground } from "./ground.ts"
import { bindServer, type ListenPlace } from "./listen-place.ts"
import { serveRequest } from "./serve-request.ts"
import { serveUpgrade } from "./serve-upgrade.ts"

export type { Refused } from "./ground.ts"

export interface ProxyOptions {
  readonly listen: ListenPlace
  /** Of the real engine. */
  readonly socketPath: string
  readonly policy: Policy
  readonly clock: Clock
  readonly onRefused: Ground["onRefused"]
}

export interface RunningProxy {
  /** In the form of DOCKER_HOST. */
  readonly address: string
  /** Ends every connection. */
  close(): Promise<void>
}

/** Starts to serve. Throws LISTEN_REFUSED when the place cannot be had. */
export async function startProxy({ listen, socketPath, policy, clock, onRefused }: ProxyOptions): Promise<RunningProxy> {
  const server = createServer({
    maxHeaderSize: LIMITS.headerBytes,
    requestTimeout: LIMITS.requestMs,
    headersTimeout: LIMITS.requestMs,
    connectionsCheckingInterval: 1000,
    insecureHTTPParser: false,
  })
  // One request for each connection: what follows it is nobody's to interpret (F131).
  server.maxRequestsPerSocket = 1
  server.maxConnections = LIMITS.connections
  serve(server, { policy, engine: createEngine(socketPath), clock, onRefused })
  const open = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
  })
  const address = await bindServer(server, listen)
  return {
    address,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

function serve(server: Server, ground: Ground): void {
  server.on("request", (request, response) => void serveRequest(request, response, ground))
  server.on("checkContinue", (request, response) => void serveRequest(request, response, ground))
  server.on("upgrade", (request, socket, first) => void serveUpgrade(request, socket, first, ground))
  server.on("connect", (request, socket) => {
    ground.onRefused({ method: "CONNECT", path: request.url ?? "", status: 405, why: "nothing is tunnelled" })
    socket.end(rawAnswer(405, "nothing is tunnelled"))
  })
  server.on("clientError", (error, socket) => {
    if (!socket.writable) return
    const why = `not HTTP as it is spoken here: ${"code" in error ? String(error.code) : error.message}`
    ground.onRefused({ method: "", path: "", status: 400, why })
    socket.end(rawAnswer(400, why))
  })
}
