import { chmod, lstat, stat, unlink } from "node:fs/promises"
import { connect, type Server } from "node:net"
import { dirname } from "node:path"
import { HoldfastError } from "../../base/errors.ts"

/** Where callers come in. */
export type ListenPlace =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }

/** Whoever may write to the socket may call; its group is the way to let one more user in. */
const SOCKET_MODE = 0o660

/**
 * `/run/proxy.sock`, `unix:///run/proxy.sock`, `127.0.0.1:2375`.
 * @param internalNetwork the operator says that only an internal network of containers reaches the address
 * @throws LISTEN_REFUSED for an address that others can reach; USAGE for what is none
 */
export function readListenPlace(text: string, internalNetwork: boolean): ListenPlace {
  const path = /^(?:unix:\/\/)?(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: "socket", path }
  const found = /^(?:tcp:\/\/)?(?:\[([0-9a-fA-F:]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text)
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3])
  if (host === undefined || port > 65_535) {
    throw new HoldfastError("USAGE", {
      what: `${JSON.stringify(text)} is neither a socket nor an address`,
      why: "written like /run/proxy.sock or 127.0.0.1:2375",
    })
  }
  if (!internalNetwork && host !== "127.0.0.1" && host !== "::1") {
    throw new HoldfastError("LISTEN_REFUSED", {
      what: `the socket proxy does not listen on ${text}`,
      why: "others can reach it, and it asks nobody who they are",
      hint: "Listen on a unix socket or on 127.0.0.1; in a container on an internal network, say so with --internal-network.",
    })
  }
  return { kind: "tcp", host, port }
}

/** Begins to listen and returns the address in the form of DOCKER_HOST. Throws LISTEN_REFUSED. */
export async function bindServer(server: Server, place: ListenPlace): Promise<string> {
  if (place.kind === "socket") {
    await requireFolder(place.path)
    await removeStale(place.path)
  }
  await new Promise<void>((done, failed) => {
    const shown = place.kind === "socket" ? place.path : `${place.host}:${place.port}`
    server.once("error", (thrown) => {
      const hint = "Name a socket or an address that is free, and that this user may use."
      failed(new HoldfastError("LISTEN_REFUSED", { what: `the socket proxy cannot listen on ${shown}`, why: thrown.message, hint }))
    })
    const options = place.kind === "socket" ? { path: place.path } : { host: place.host, port: place.port }
    server.listen(options, () => done())
  })
  if (place.kind === "socket") {
    await chmod(place.path, SOCKET_MODE)
    return `unix://${place.path}`
  }
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : place.port
  return `tcp://${place.host.includes(":") ? `[${place.host}]` : place.host}:${port}`
}

/** Who may enter the folder is the operator's to say, so it is not made. */
async function requireFolder(path: string): Promise<void> {
  const folder = dirname(path)
  const found = await stat(folder).catch(() => null)
  if (found?.isDirectory() === true) return
  throw new HoldfastError("LISTEN_REFUSED", {
    what: `the socket proxy cannot listen on ${path}`,
    why: `there is no folder ${folder}`,
    hint: `Make it first, for those who may use the proxy: mkdir -m 0750 ${folder}`,
  })
}

/** A socket that a killed proxy left behind; one that somebody answers on stays, and listening on it fails. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (found?.isSocket() === true && !(await answers(path))) await unlink(path)
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path)
    const end = (answered: boolean) => () => {
      socket.destroy()
      resolve(answered)
    }
    socket.once("connect", end(true))
    socket.once("error", end(false))
  })
}
