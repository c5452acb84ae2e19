import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import type { Written } from "../../socket-proxy/socket-proxy.ts"
import { readWhole } from "./engine.ts"

/** Of the engine's headers, those that clients need. */
const PASSED = ["content-type", "api-version", "ostype", "docker-experimental", "x-docker-container-path-stat"]

/** What the proxy says itself, in the form of the engine's own errors. */
export function messageAnswer(status: number, message: string): { readonly status: number; readonly text: string } {
  return { status, text: `${JSON.stringify({ message })}\n` }
}

/** Answers with a message of the proxy and ends the connection. */
export function answerWith(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy()
  const { text } = messageAnswer(status, message)
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text), Connection: "close" })
  response.end(text)
}

/** The same on a connection that has left HTTP's hands. */
export function rawAnswer(status: number, message: string): string {
  const { text } = messageAnswer(status, message)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`
}

export function passedHeaders(answer: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    PASSED.flatMap((name) => {
      const value = answer.headers[name]
      return typeof value === "string" ? [[name, value]] : []
    }),
  )
}

/** Passes the engine's answer on: projected, or as a stream. Rejects when it breaks off or is not what the engine should say. */
export async function relay(answer: IncomingMessage, written: Written, response: ServerResponse): Promise<void> {
  const status = answer.statusCode ?? 502
  const headers = { ...passedHeaders(answer), Connection: "close" }
  if (written.answer === "stream" || written.method === "HEAD") {
    response.writeHead(status, headers)
    // `wait` says by its head alone that it waits; a client starts the container only then.
    response.flushHeaders()
    return await pipeline(answer, response)
  }
  const bytes = await readWhole(answer)
  if (bytes === null) return answerWith(response, 502, "the engine's answer is too long")
  if (bytes.length === 0) return void response.writeHead(status, headers).end()
  const text = projected(bytes, status, written)
  response.writeHead(status, { ...headers, "content-type": "application/json", "Content-Length": Buffer.byteLength(text) })
  response.end(text)
}

function projected(bytes: Buffer, status: number, written: Written): string {
  const value: unknown = JSON.parse(bytes.toString("utf8"))
  if (status < 400) return `${JSON.stringify(written.project(value))}\n`
  const said = typeof value === "object" && value !== null && "message" in value ? value.message : null
  return messageAnswer(status, typeof said === "string" ? said : "the engine refused it").text
}
