import { createServer, type Socket } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import { silentLog, silentProgress, type RunContext } from "../../src/base/run-context.ts"
import { Secret } from "../../src/base/secret.ts"
import type { MailServer, Message, Notifier, Receiver } from "../../src/posture/ports.ts"
import { createNotifier } from "../../src/tool/notify/notify.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { mailSink } from "../fixture/notice/mail-sink.ts"
import { webSink } from "../fixture/notice/web-sink.ts"

const ctx = (signal = new AbortController().signal): RunContext => ({
  signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
  operationId: "look",
})
const message: Message = {
  event: "notice",
  subject: "Alarm: chat: a scheduled run failed (vm1) — größer",
  body: "What: ¡no space left!\nWhat to do: Run `holdfast doctor`.",
  priority: "high",
  document: { host: "vm1", alarms: [{ key: "run-failed:chat" }] },
}
const notifier = createNotifier({ timeoutMs: 10_000 })
const send = async (receiver: Receiver, more: Partial<Message> = {}, by: Notifier = notifier): Promise<void> =>
  await by.send(receiver, { ...message, ...more }, ctx())

/** What a failed sending says; fails when it did not fail. */
async function refusal(receiver: Receiver, by: Notifier = notifier): Promise<string> {
  const thrown = await send(receiver, {}, by).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof HoldfastError)) throw new Error(`not refused: ${String(thrown)}`)
  expect(thrown.code).toBe("NOTIFY_FAILED")
  return `${thrown.message}: ${thrown.why ?? ""}`
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const sink = await webSink()
  await sink.close()
  return sink.port
}

/** Accepts connections and never says a word. */
async function silentServer(): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => void sockets.add(socket.on("error", () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

describeNeeding("openssl")("mail", () => {
  const server = (port: number, more: Partial<MailServer> = {}): MailServer => ({
    host: "127.0.0.1",
    port,
    security: "starttls",
    authority: null,
    user: null,
    password: null,
    from: "holdfast@example.com",
    ...more,
  })
  const to = (mailServer: MailServer, address = "ops@example.com"): Receiver => ({ kind: "email", address, server: mailServer })

  it("arrives over STARTTLS with the account that was given", async () => {
    const sink = await mailSink({ account: { user: "holdfast", password: "smtp-canary" } })
    const account = { authority: sink.certificate, user: "holdfast", password: new Secret("smtp-canary") }
    await send(to(server(sink.port, account)))

    expect(sink.mails).toMatchObject([{ from: "holdfast@example.com", to: ["ops@example.com"], user: "holdfast", encrypted: true }])
    const [mail] = sink.mails
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated\r$/im)
    expect(mail?.text).toMatch(/^X-Priority: 1/m)
    expect(decoded(mail?.text ?? "")).toContain("¡no space left!\r\nWhat to do: Run `holdfast doctor`.")
    expect(mail?.text).not.toContain("smtp-canary")
  })

  it("arrives over STARTTLS without an account, over TLS, and without encryption where that is asked for", async () => {
    const sink = await mailSink()
    await send(to(server(sink.port, { authority: sink.certificate })))
    expect(sink.mails).toMatchObject([{ user: null, encrypted: true }])

    const tls = await mailSink({ tls: true })
    await send(to(server(tls.port, { security: "tls", authority: tls.certificate })))
    expect(tls.mails).toMatchObject([{ encrypted: true }])

    const plain = await mailSink({ plain: true })
    await send(to(server(plain.port, { security: "none" })))
    expect(plain.mails).toMatchObject([{ encrypted: false }])
  })

  it("is not sent in the clear when the server offers no encryption, nor to a server whose certificate nobody vouches for", async () => {
    const plain = await mailSink({ plain: true })
    expect(await refusal(to(server(plain.port)))).toMatch(/^mail to ops@example.com was not sent: .*(STARTTLS|TLS)/i)
    const sink = await mailSink()
    expect(await refusal(to(server(sink.port)))).toContain("self-signed certificate")
    expect([...plain.mails, ...sink.mails]).toEqual([])
  })

  it("says why it was refused, without the password, even when the server repeats it", async () => {
    const sink = await mailSink({ account: { user: "holdfast", password: "right" }, refuses: "gone@example.com" })
    const wrong = server(sink.port, { authority: sink.certificate, user: "holdfast", password: new Secret("smtp-canary") })
    const said = await refusal(to(wrong))
    expect(said).toContain("wrong password [secret] for holdfast")
    expect(said).not.toContain("smtp-canary")

    const right = server(sink.port, { authority: sink.certificate, user: "holdfast", password: new Secret("right") })
    expect(await refusal(to(right, "gone@example.com"))).toContain("550 no such user here")
  })

  it("gives up on a server that is not there, that never speaks, and when it is told to stop", async () => {
    const closed = await closedPort()
    expect(await refusal(to(server(closed)))).toContain("ECONNREFUSED")
    const silent = await silentServer()
    expect(await refusal(to(server(silent)), createNotifier({ timeoutMs: 300 }))).toMatch(/300 ms|Greeting never received|timeout/i)
    const stop = new AbortController()
    const stopped = notifier.send(to(server(silent)), message, ctx(stop.signal))
    stop.abort(new HoldfastError("OPERATION_CANCELLED", { what: "stopped" }))
    await expect(stopped).rejects.toMatchObject({ code: "OPERATION_CANCELLED" })
  })

  it("cannot be made to carry another header by a text with line ends", async () => {
    const sink = await mailSink()
    await send(to(server(sink.port, { authority: sink.certificate })), { subject: "one\r\nBcc: eve@example.com" })
    expect(sink.mails[0]?.to).toEqual(["ops@example.com"])
    expect(sink.mails[0]?.text).not.toMatch(/^Bcc:/m)
  })
})

describe("a webhook", () => {
  const to = (url: string): Receiver => ({ kind: "webhook", url: new Secret(url) })

  it("gets the message as JSON, with a text that chat programs show", async () => {
    const sink = await webSink()
    await send(to(`${sink.url}/hook?token=1`))
    const [request] = sink.requests
    expect(request).toMatchObject({ method: "POST", path: "/hook?token=1" })
    expect(request?.headers["content-type"]).toBe("application/json")
    expect(JSON.parse(request?.body ?? "")).toEqual({
      format: "holdfast.notice",
      version: 1,
      event: "notice",
      subject: message.subject,
      body: message.body,
      text: `${message.subject}\n${message.body}`,
      host: "vm1",
      alarms: [{ key: "run-failed:chat" }],
    })
  })

  it("that refuses, is not there or does not answer in time is a failure that does not name its address", async () => {
    const sink = await webSink()
    sink.answer = (response) => void response.writeHead(503).end("hook-canary-path")
    const url = (port: number): Receiver => to(`http://127.0.0.1:${port}/services/hook-canary-path?key=query-canary`)
    const texts = [await refusal(url(sink.port)), await refusal(url(await closedPort()))]
    expect(texts[0]).toBe("a message by webhook was not sent: the receiver answered 503")
    expect(texts[1]).toContain("ECONNREFUSED")
    texts.push(await refusal(url(await silentServer()), createNotifier({ timeoutMs: 300 })))
    expect(texts[2]).toContain("no answer within 300 ms")
    texts.push(await refusal(to("ftp://hook-canary-path/")), await refusal(to("hook-canary-path")))
    expect(texts[4]).toContain("not one of http or https")
    expect(texts.join("\n")).not.toContain("canary")
  })

  it("is followed to another path of the same host and never to another host", async () => {
    const other = await webSink()
    const sink = await webSink()
    sink.answer = (response, { path }) => void response.writeHead(path === "/old" ? 308 : 200, { location: "/new" }).end()
    await send(to(`${sink.url}/old`))
    expect(sink.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /old", "POST /new"])

    sink.answer = (response) => void response.writeHead(307, { location: `${other.url}/steal` }).end()
    expect(await refusal(to(`${sink.url}/old`))).toContain(`redirected to 127.0.0.1:${other.port}, which is not followed`)
    expect(other.requests).toEqual([])

    sink.answer = (response) => void response.writeHead(307, { location: "/old" }).end()
    expect(await refusal(to(`${sink.url}/old`))).toContain("redirected more than 3 times")
    sink.answer = (response) => void response.writeHead(307).end()
    expect(await refusal(to(`${sink.url}/old`))).toContain("redirected to nowhere")
  })

  it("that was away takes messages again when it comes back", async () => {
    const port = await closedPort()
    await refusal(to(`http://127.0.0.1:${port}/hook`))
    const sink = await webSink(port)
    await send(to(`http://127.0.0.1:${port}/hook`))
    expect(sink.requests).toHaveLength(1)
  })
})

describe("ntfy", () => {
  const to = (url: string, token: string | null = null): Receiver => ({
    kind: "ntfy",
    url: new Secret(url),
    token: token === null ? null : new Secret(token),
  })

  it("gets title, priority and tags for the topic, at the server's root, with the token", async () => {
    const sink = await webSink()
    await send(to(`${sink.url}/push/acme-backups`, "tk_canary"))
    const [request] = sink.requests
    expect(request).toMatchObject({ method: "POST", path: "/push" })
    expect(request?.headers.authorization).toBe("Bearer tk_canary")
    expect(JSON.parse(request?.body ?? "")).toEqual({
      topic: "acme-backups",
      title: message.subject,
      message: message.body,
      priority: 4,
      tags: ["rotating_light", "holdfast"],
    })
  })

  it("gets low and normal messages as such, no token where there is none, and no more text than it takes", async () => {
    const sink = await webSink()
    await send(to(`${sink.url}/t`), { priority: "low", body: "ä".repeat(5000) })
    await send(to(`${sink.url}/t`), { priority: "normal" })
    const bodies = sink.requests.map(({ body }): unknown => JSON.parse(body))
    expect(bodies).toMatchObject([{ priority: 2, tags: ["shield", "holdfast"] }, { priority: 3 }])
    expect(bodies[0]).toMatchObject({ message: `${"ä".repeat(2000)} …` })
    expect(sink.requests[0]?.path).toBe("/")
    expect(sink.requests[0]?.headers.authorization).toBeUndefined()
  })

  it("that refuses is a failure that names neither topic nor token", async () => {
    const sink = await webSink()
    sink.answer = (response) => void response.writeHead(403).end()
    const said = await refusal(to(`${sink.url}/topic-canary`, "tk_canary"))
    expect(said).toBe("a message by ntfy was not sent: the receiver answered 403")
    expect(await refusal(to(sink.url))).toContain("names no topic")
  })
})

describe("a dead-man switch", () => {
  it("is called after a success, and below it at the start and after a failure", async () => {
    const sink = await webSink()
    const ping: Receiver = { kind: "ping", url: new Secret(`${sink.url}/uuid-1/`) }
    for (const event of ["start", "success", "fail", "test"] as const) await send(ping, { event })
    expect(sink.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /uuid-1/start",
      "POST /uuid-1",
      "POST /uuid-1/fail",
      "POST /uuid-1",
    ])
    expect(sink.requests[0]?.body).toBe(`${message.subject}\n${message.body}`)
  })

  it("that does not answer is a failure", async () => {
    const port = await closedPort()
    expect(await refusal({ kind: "ping", url: new Secret(`http://127.0.0.1:${port}/uuid-canary-1`) })).not.toContain("canary")
  })
})

/** The text of a mail whose body is quoted-printable or base64. */
function decoded(text: string): string {
  const [head = "", ...rest] = text.split("\r\n\r\n")
  const body = rest.join("\r\n\r\n")
  if (/base64/i.test(head)) return Buffer.from(body, "base64").toString("utf8").replaceAll(/\r?\n/g, "\r\n")
  const bytes = body
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, "latin1").toString("utf8")
}
