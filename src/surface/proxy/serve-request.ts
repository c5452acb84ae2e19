import type { IncomingMessage, ServerResponse } from "node:http"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { messageOf } from "../../base/errors.ts"
import { LIMITS, openRequest, type Opened, type Written } from "../../socket-proxy/socket-proxy.ts"
import { answerWith, relay } from "./answer.ts"
import { startDeadline } from "./deadline.ts"
import { readWhole, responseOf } from "./engine.ts"
import type { Ground } from "./ground.ts"

/** Serves one request from beginning to end. Never rejects. */
export async function serveRequest(request: IncomingMessage, response: ServerResponse, ground: Ground): Promise<void> {
  const refuse = (status: number, why: string): void => {
    ground.onRefused({ ...whatWasAsked(request), status, why })
    answerWith(response, status, `refused by holdfast socket-proxy: ${why}`)
  }
  const asking = startDeadline(ground.clock, LIMITS.streamMs)
  response.once("close", asking.end)
  try {
    const opened = openRequest(headOf(request), ground.policy)
    if (!opened.ok) {
      await drain(request)
      return refuse(opened.status, opened.why)
    }
    const body = opened.streamsBody ? Buffer.alloc(0) : await readWhole(request.iterator({ destroyOnReturn: false }), opened.bodyBytes)
    if (body === null) return refuse(413, `the body has more than ${opened.bodyBytes} bytes`)
    const written = await decided(opened, body, ground, asking.signal)
    if (!written.ok) return written.status === 404 ? answerWith(response, 404, written.why) : refuse(written.status, written.why)
    if (written.answer === "attached") return refuse(400, `${opened.title} needs an upgrade of the connection`)
    await passOn(request, response, opened, written, ground, asking.signal)
  } catch (thrown) {
    answerWith(response, 502, `the engine did not answer as it should: ${messageOf(thrown)}`)
  } finally {
    asking.end()
  }
}

/** A caller that is still sending would find the connection broken instead of the answer; a long body is not waited for. */
async function drain(request: IncomingMessage): Promise<void> {
  const { expect, "content-length": length } = request.headers
  if (expect !== undefined || Number(length ?? "0") > LIMITS.bodyBytes) return
  await readWhole(request.iterator({ destroyOnReturn: false }), LIMITS.bodyBytes)
}

/** Looks up what the decision needs, and decides. Rejects when the engine does not answer. */
export async function decided(opened: Opened, body: Uint8Array, ground: Ground, signal: AbortSignal) {
  const understood = opened.understand(body)
  if (!understood.ok) return understood
  const looking = startDeadline(ground.clock, LIMITS.requestMs)
  try {
    return understood.decide(await ground.engine.lookUp(understood.asks, AbortSignal.any([signal, looking.signal])))
  } finally {
    looking.end()
  }
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  opened: Opened,
  written: Written,
  ground: Ground,
  signal: AbortSignal,
): Promise<void> {
  const limit = startDeadline(ground.clock, written.answer === "stream" ? LIMITS.streamMs : LIMITS.answerMs)
  try {
    const sent = ground.engine.open(written, {
      signal: AbortSignal.any([signal, limit.signal]),
      registryAuth: opened.registryAuth,
      archive: opened.streamsBody,
    })
    const answered = responseOf(sent)
    if (opened.streamsBody) {
      const fed = pipeline(request, bounded(opened.bodyBytes), sent)
      await Promise.all([fed, answered])
    } else {
      sent.end(written.body === undefined ? undefined : JSON.stringify(written.body))
    }
    await relay(await answered, written, response)
  } finally {
    limit.end()
  }
}

function bounded(limit: number): Transform {
  let size = 0
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length
      done(size > limit ? new Error(`the archive has more than ${limit} bytes`) : null, chunk)
    },
  })
}

/** The head as it came. */
export function headOf(request: IncomingMessage) {
  const { method = "", url: target = "", httpVersion, rawHeaders } = request
  return { method, target, httpVersion, rawHeaders }
}

/** For the log; parameters may hold what is nobody's business. */
export function whatWasAsked({ method = "", url = "" }: IncomingMessage): { readonly method: string; readonly path: string } {
  return { method, path: url.split("?", 1)[0] ?? "" }
}
