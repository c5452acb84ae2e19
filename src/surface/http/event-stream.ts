import type { Clock } from "../../base/clock.ts"
import { HoldfastError } from "../../base/errors.ts"

/** Writes server-sent events; `send` is false once nobody listens any more. */
export interface EventSink {
  send(event: unknown): boolean
  end(): void
}

const STREAMS_AT_ONCE = 200
const HEARTBEAT_MS = 20_000
let open = 0

/**
 * An answer that goes on: `begin` gets the sink and returns what is to be done when the other end is gone. A comment every twenty seconds
 * tells proxies that it lives. Throws TOO_MANY_ATTEMPTS beyond `STREAMS_AT_ONCE` (F136).
 */
export function eventStream(clock: Clock, signal: AbortSignal, begin: (sink: EventSink) => () => void): Response {
  if (open >= STREAMS_AT_ONCE)
    throw new HoldfastError("TOO_MANY_ATTEMPTS", { what: "too many pages listen already", details: { retryAfterSeconds: 30 } })
  open += 1
  const text = new TextEncoder()
  const over = new AbortController()
  let release = (): void => undefined
  const stop = (): void => {
    if (over.signal.aborted) return
    over.abort()
    open -= 1
    release()
  }
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const write = (line: string): boolean => {
        if (over.signal.aborted) return false
        // Whoever does not read is let go: what is written to him would pile up here.
        if ((controller.desiredSize ?? 0) < -1000) {
          stop()
          controller.close()
          return false
        }
        controller.enqueue(text.encode(line))
        return true
      }
      const end = (): void => {
        if (over.signal.aborted) return
        stop()
        controller.close()
      }
      signal.addEventListener("abort", end, { once: true })
      write("retry: 2000\n\n")
      release = begin({ send: (event) => write(`data: ${JSON.stringify(event)}\n\n`), end })
      if (over.signal.aborted) release()
      void beat(clock, over.signal, write)
    },
    cancel: stop,
  })
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" } })
}

async function beat(clock: Clock, over: AbortSignal, write: (line: string) => boolean): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, over)
      if (!write(": still here\n\n")) return
    }
  } catch {
    // The stream is over, and with it the beat.
  }
}
