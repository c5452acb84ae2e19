/** What a Node process holds when everything that nobody holds has been collected; asked of it by its inspector. */
import type { ChildProcess } from "node:child_process"
import { once as event } from "node:events"
import { setTimeout as delay } from "node:timers/promises"
import { z } from "zod"
import { freePort } from "../fixture/free-port.ts"

export interface CollectedMemory {
  /** Resident bytes after a full collection. */
  residentBytes(): Promise<number>
  /** Live objects of JavaScript alone, as of the last collection. */
  heapBytes(): Promise<number>
  close(): void
}

const targets = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1)
const answerSchema = z.object({ id: z.number(), result: z.object({ result: z.object({ value: z.number() }).optional() }).optional() })
const WITHIN_MS = 10_000

/** For the environment of the process; it listens there when it is asked to. */
export async function inspectable(): Promise<{ readonly port: number; readonly environment: Readonly<Record<string, string>> }> {
  const port = await freePort()
  return { port, environment: { NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` } }
}

export async function collectedMemory(child: ChildProcess, port: number): Promise<CollectedMemory> {
  // Node's own way to be asked; see its manual on the inspector.
  child.kill("SIGUSR1")
  const socket = new WebSocket(await addressAt(port))
  await event(socket, "open")
  let last = 0
  const ask = async (method: string, params: Readonly<Record<string, unknown>> = {}): Promise<number> => {
    last += 1
    const id = last
    socket.send(JSON.stringify({ id, method, params }))
    for (;;) {
      const [message]: unknown[] = await event(socket, "message")
      const answer = answerSchema.parse(JSON.parse(String(message instanceof MessageEvent ? message.data : "")))
      if (answer.id === id) return answer.result?.result?.value ?? 0
    }
  }
  const number = async (expression: string): Promise<number> => await ask("Runtime.evaluate", { expression, returnByValue: true })
  await ask("HeapProfiler.enable")
  return {
    residentBytes: async () => {
      // The second takes what the first one's finalizers let go.
      for (let times = 0; times < 2; times += 1) await ask("HeapProfiler.collectGarbage")
      return await number("process.memoryUsage().rss")
    },
    heapBytes: async () => await number("process.memoryUsage().heapUsed"),
    close: () => socket.close(),
  }
}

async function addressAt(port: number): Promise<string> {
  for (const endsAtMs = performance.now() + WITHIN_MS; ; await delay(50)) {
    try {
      const listed: unknown = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()
      return targets.parse(listed)[0]?.webSocketDebuggerUrl ?? ""
    } catch (thrown) {
      if (performance.now() > endsAtMs) throw thrown
    }
  }
}
