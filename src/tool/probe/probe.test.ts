import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer as createHttpServer, type Server as HttpServer } from "node:http"
import { createServer, type AddressInfo, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { afterAll, beforeAll, expect, it } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../../base/run-context.ts"
import { createProcesses } from "../process/process.ts"
import { createProber } from "./probe.ts"

const processes = createProcesses({ environment: { PATH: process.env["PATH"] ?? "" }, clock: systemClock, setpriv: null })
const prober = createProber({ processes })
const contextOf = (signal = new AbortController().signal): RunContext => ({
  signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
  operationId: "op",
})

let http: HttpServer
let base = ""
let closedPort = 0

beforeAll(async () => {
  http = createHttpServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/health" }).end("gone there")
    else if (request.url === "/endless")
      Readable.from(endless())
        .on("error", () => undefined)
        .pipe(response)
    else if (request.url !== "/hangs") response.writeHead(request.url === "/bad" ? 503 : 200).end('{"status":"ok"}')
  })
  base = `http://127.0.0.1:${await listening(http)}`
  const closing = createServer()
  closedPort = await listening(closing)
  closing.close()
})

function* endless(): Generator<string> {
  for (;;) yield "x".repeat(100_000)
}

afterAll(() => {
  http.closeAllConnections()
  http.close()
})

async function listening(server: Server | HttpServer): Promise<number> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

it("gives status and body of an answer, also of a refusing one", async () => {
  expect(await prober.http(`${base}/health`, 5000, contextOf())).toEqual({ status: 200, body: '{"status":"ok"}' })
  expect(await prober.http(`${base}/bad`, 5000, contextOf())).toMatchObject({ status: 503 })
})

it("does not follow redirects", async () => {
  expect(await prober.http(`${base}/moved`, 5000, contextOf())).toEqual({ status: 302, body: "gone there" })
})

it("stops reading a body that never ends", async () => {
  const { body } = await prober.http(`${base}/endless`, 20_000, contextOf())
  expect(body).toHaveLength(1024 * 1024)
})

it("says that nothing answered, and why", async () => {
  await expect(prober.http(`${base}/hangs`, 200, contextOf())).rejects.toMatchObject({
    code: "HEALTH_GATE_FAILED",
    message: `${base}/hangs did not answer`,
    why: "no answer within 200 ms",
  })
  const nobody = `http://127.0.0.1:${closedPort}/`
  await expect(prober.http(nobody, 2000, contextOf())).rejects.toMatchObject({
    message: `${nobody} did not answer`,
    why: `connect ECONNREFUSED 127.0.0.1:${closedPort}`,
  })
})

it("is cancelled with the operation's own reason", async () => {
  const reason = new Error("cancelled by the test")
  const cancel = new AbortController()
  const asking = prober.http(`${base}/hangs`, 20_000, contextOf(cancel.signal))
  cancel.abort(reason)
  await expect(asking).rejects.toBe(reason)
  await expect(prober.tcp("127.0.0.1", closedPort, 1000, contextOf(cancel.signal))).rejects.toBe(reason)
})

it("tells an open port from a closed one", async () => {
  expect(await prober.tcp("127.0.0.1", Number(new URL(base).port), 2000, contextOf())).toBe(true)
  expect(await prober.tcp("127.0.0.1", closedPort, 2000, contextOf())).toBe(false)
})

it("gives the fingerprint of a real server's host key, as ssh-keygen prints it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-probe-"))
  const key = join(directory, "host_key")
  execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", key])
  const reserved = createServer()
  const port = await listening(reserved)
  reserved.close()
  await once(reserved, "close")
  await mkdir("/run/sshd", { recursive: true })
  await writeFile(join(directory, "config"), `ListenAddress 127.0.0.1\nPort ${port}\nHostKey ${key}\nPidFile none\nUsePAM no\n`)
  const sshd = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", join(directory, "config")], { stdio: ["ignore", "ignore", "pipe"] })
  try {
    await once(sshd.stderr, "data")
    const expected = execFileSync("ssh-keygen", ["-lf", key], { encoding: "utf8" }).split(" ")[1]
    expect(await prober.sshHostKey("127.0.0.1", port, 5000, contextOf())).toBe(expected)
  } finally {
    sshd.kill()
    await once(sshd, "exit")
    await rm(directory, { recursive: true, force: true })
  }
  await expect(prober.sshHostKey("127.0.0.1", port, 1000, contextOf())).rejects.toMatchObject({
    code: "HEALTH_GATE_FAILED",
    message: `no SSH host key is offered at 127.0.0.1:${port}`,
  })
})
