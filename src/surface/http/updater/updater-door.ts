/** Where Holdfast stands in the place of an app's own updater: its port, its health, and the requests that the app signs; nothing else is behind this door. */
import { createServer, type Server } from "node:http"
import { getRequestListener, type HttpBindings } from "@hono/node-server"
import { HoldfastError } from "../../../base/errors.ts"
import { SIGNED_PATHS } from "./admit-signed.ts"

/** As the compose file of an adopted app gives it: `0.0.0.0:8081`. */
export const DOOR_VARIABLE = "CHATALOT_UPDATER_LISTEN_ADDR"

export interface UpdaterDoor {
  /** `0.0.0.0:8081` */
  readonly address: string
  close(): Promise<void>
}

const LIMITS = { requestTimeout: 30_000, headersTimeout: 10_000 }

/**
 * @param serve answers what is signed; it lets in nothing else
 * @throws LISTEN_REFUSED for an address that is none or cannot be had
 */
export async function openUpdaterDoor(
  text: string,
  serve: (request: Request, bindings: HttpBindings) => Response | Promise<Response>,
): Promise<UpdaterDoor> {
  const { host, port } = placeOf(text)
  const answer = async (request: Request, bindings: unknown): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname === "/health" && request.method === "GET") return Response.json({ status: "ok" })
    if (!pathname.startsWith(SIGNED_PATHS) || !isPlain(bindings)) return new Response("there is nothing here\n", { status: 404 })
    return await serve(request, bindings)
  }
  const listener = getRequestListener(answer)
  const server = createServer(LIMITS, (incoming, outgoing) => void listener(incoming, outgoing))
  await bound(server, host, port)
  return { address: addressOf(server), close: async () => await closed(server) }
}

function isPlain(bindings: unknown): bindings is HttpBindings {
  return typeof bindings === "object" && bindings !== null && "incoming" in bindings
}

function placeOf(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match !== null && port <= 65_535) return { host: (match[1] ?? "").replace(/^\[(.*)\]$/, "$1"), port }
  throw new HoldfastError("LISTEN_REFUSED", {
    what: `${JSON.stringify(text)} is no address to listen on`,
    hint: `Write ${DOOR_VARIABLE} as 0.0.0.0:8081.`,
  })
}

async function bound(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((done, failed) => {
    server.once("error", (thrown: Error) =>
      failed(
        new HoldfastError("LISTEN_REFUSED", {
          what: `the updater cannot listen on ${host}:${port}`,
          why: thrown.message,
          hint: `Set ${DOOR_VARIABLE} to an address and a port that are free.`,
        }),
      ),
    )
    server.listen(port, host, () => done())
  })
}

function addressOf(server: Server): string {
  const address = server.address()
  return typeof address === "object" && address !== null ? `${address.address}:${address.port}` : ""
}

async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await done
}
