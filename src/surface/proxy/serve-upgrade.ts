import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { messageOf } from "../../base/errors.ts"
import { LIMITS, openRequest, type Written } from "../../socket-proxy/socket-proxy.ts"
import { passedHeaders, rawAnswer } from "./answer.ts"
import { startDeadline } from "./deadline.ts"
import type { Ground } from "./ground.ts"
import { decided, headOf, whatWasAsked } from "./serve-request.ts"

/** Serves a request that wants to take the connection over. Only streams of containers may (F132). Never rejects. */
export async function serveUpgrade(request: IncomingMessage, socket: Duplex, first: Buffer, ground: Ground): Promise<void> {
  const refuse = (status: number, why: string): void => {
    ground.onRefused({ ...whatWasAsked(request), status, why })
    socket.resume()
    socket.end(rawAnswer(status, `refused by holdfast socket-proxy: ${why}`))
  }
  const limit = startDeadline(ground.clock, LIMITS.streamMs)
  socket.once("close", limit.end)
  socket.on("error", () => socket.destroy())
  try {
    const opened = openRequest(headOf(request), ground.policy)
    if (!opened.ok) return refuse(opened.status, opened.why)
    const length = Number(request.headers["content-length"] ?? "0")
    if (request.headers.upgrade !== "tcp" || request.headers["transfer-encoding"] !== undefined || length > opened.bodyBytes) {
      return refuse(400, "this upgrade is not taken")
    }
    const { body, rest } = await readExactly(socket, first, length)
    const written = await decided(opened, body, ground, limit.signal)
    if (!written.ok) return written.status === 404 ? void socket.end(rawAnswer(404, written.why)) : refuse(written.status, written.why)
    if (written.answer !== "attached") return refuse(400, `${opened.title} takes no upgrade`)
    await join(socket, rest, written, ground, limit.signal)
  } catch (thrown) {
    socket.end(rawAnswer(502, `the engine did not answer as it should: ${messageOf(thrown)}`))
  }
}

/** The body of a request whose connection has left HTTP's hands, and what came after it. */
async function readExactly(socket: Duplex, first: Buffer, length: number): Promise<{ readonly body: Buffer; readonly rest: Buffer }> {
  let got = first
  while (got.length < length) {
    const chunk: unknown = socket.read()
    if (Buffer.isBuffer(chunk)) got = Buffer.concat([got, chunk])
    else await readableAgain(socket)
  }
  return { body: got.subarray(0, length), rest: got.subarray(length) }
}

async function readableAgain(socket: Duplex): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once("readable", resolve)
    socket.once("close", () => reject(new Error("the request broke off")))
  })
}

/** Joins both connections once the engine agrees; resolves when that has begun, or was refused by the engine. */
async function join(socket: Duplex, rest: Buffer, written: Written, ground: Ground, signal: AbortSignal): Promise<void> {
  const sent = ground.engine.open(written, { signal, upgrade: true })
  await new Promise<void>((resolve, reject) => {
    sent.once("error", reject)
    sent.once("response", (answer: IncomingMessage) => {
      answer.resume()
      socket.end(rawAnswer(answer.statusCode ?? 502, "the engine does not attach to it"))
      resolve()
    })
    sent.once("upgrade", (answer: IncomingMessage, engineSocket: Duplex, engineFirst: Buffer) => {
      socket.write(headText(answer))
      socket.write(engineFirst)
      engineSocket.write(rest)
      joinStreams(socket, engineSocket)
      resolve()
    })
    sent.end(written.body === undefined ? undefined : JSON.stringify(written.body))
  })
}

function headText(answer: IncomingMessage): string {
  const type = passedHeaders(answer)["content-type"] ?? "application/vnd.docker.raw-stream"
  return `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`
}

/** Each side may finish speaking before the other; when one is gone, so is the other. */
function joinStreams(client: Duplex, engine: Duplex): void {
  client.pipe(engine)
  engine.pipe(client)
  client.once("close", () => engine.destroy())
  engine.once("close", () => client.end())
  engine.on("error", () => client.destroy())
}
