/** Network probes from the host: does an app answer, does a port accept, which host key is offered. */
import { connect } from "node:net"
import type { Prober } from "../../app/ports.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Processes } from "../process/process.ts"

const MAX_BODY_BYTES = 1024 * 1024

/**
 * `http` resolves for every answer, whatever its status, without following redirects, and throws HEALTH_GATE_FAILED when there is
 * none; `tcp` is false when nothing accepts in time; `sshHostKey` throws HEALTH_GATE_FAILED when no key is offered.
 */
export function createProber(tools: { readonly processes: Processes }): Prober {
  return {
    http: async (url, timeoutMs, ctx) => await http(url, timeoutMs, ctx),
    tcp: async (host, port, timeoutMs, ctx) => await tcp(host, port, timeoutMs, ctx),
    sshHostKey: async (host, port, timeoutMs, ctx) => await sshHostKey(tools.processes, host, port, timeoutMs, ctx),
  }
}

async function http(url: string, timeoutMs: number, ctx: RunContext): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(timeoutMs)])
  try {
    const response = await fetch(url, { signal, redirect: "manual", headers: { connection: "close" } })
    return { status: response.status, body: await bodyOf(response) }
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(thrown)
    throw new HoldfastError("HEALTH_GATE_FAILED", { what: `${url} did not answer`, why, cause: thrown })
  }
}

/** At most one megabyte: a health answer is small, and what comes is not under our control. */
async function bodyOf(response: Response): Promise<string> {
  if (response.body === null) return ""
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const pieces: AsyncIterable<Uint8Array> = response.body
  for await (const chunk of pieces) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes >= MAX_BODY_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8")
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join(", ")
  return cause instanceof Error ? cause.message : messageOf(thrown)
}

async function tcp(host: string, port: number, timeoutMs: number, ctx: RunContext): Promise<boolean> {
  ctx.signal.throwIfAborted()
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(timeoutMs)])
  const accepted = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port })
    const finish = (answer: boolean): void => {
      signal.removeEventListener("abort", refuse)
      socket.destroy()
      resolve(answer)
    }
    const refuse = (): void => finish(false)
    socket.once("connect", () => finish(true))
    socket.once("error", refuse)
    signal.addEventListener("abort", refuse, { once: true })
  })
  ctx.signal.throwIfAborted()
  return accepted
}

const FINGERPRINT = /SHA256:[A-Za-z0-9+/]+/

async function sshHostKey(processes: Processes, host: string, port: number, timeoutMs: number, ctx: RunContext): Promise<string> {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000))
  const scanned = await processes.run({
    argv: ["ssh-keyscan", "-T", String(seconds), "-p", String(port), "--", host],
    signal: ctx.signal,
    timeoutMs: timeoutMs + 5000,
  })
  const keys = scanned.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  const preferred = keys.toSorted((left, right) => rankOf(left) - rankOf(right))[0]
  if (preferred === undefined) {
    throw new HoldfastError("HEALTH_GATE_FAILED", { what: `no SSH host key is offered at ${host}:${port}`, why: scanned.stderrTail })
  }
  return await fingerprintOf(processes, preferred, ctx)
}

/** A server may offer several keys; the order is fixed, so that two looks at the same server give the same one. */
function rankOf(line: string): number {
  const rank = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"].indexOf(line.split(" ")[1] ?? "")
  return rank === -1 ? 9 : rank
}

async function fingerprintOf(processes: Processes, key: string, ctx: RunContext): Promise<string> {
  const result = await processes.run({
    argv: ["ssh-keygen", "-lf", "-"],
    stdin: { text: `${key}\n` },
    signal: ctx.signal,
    timeoutMs: 10_000,
  })
  const fingerprint = FINGERPRINT.exec(result.stdout)?.[0]
  if (result.exitCode === 0 && fingerprint !== undefined) return fingerprint
  throw new HoldfastError("TOOL_FAILED", { what: "ssh-keygen gave no fingerprint", why: result.stderrTail })
}
