/** Listening with a certificate, over real sockets: what is said encrypted, and nothing that is said otherwise. */
import { rm, writeFile } from "node:fs/promises"
import { request, type RequestOptions } from "node:https"
import { connect } from "node:net"
import { connect as connectTls } from "node:tls"
import { expect, it, onTestFinished } from "vitest"
import { describeNeeding } from "../fixture/needs.ts"
import { PASSWORD, testPanel, type TestPanel } from "../fixture/panel.ts"
import { selfSigned, type SelfSigned } from "../fixture/self-signed.ts"

interface Got {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
}

async function panelWith({ certificateFile, keyFile }: SelfSigned): Promise<TestPanel> {
  const panel = await testPanel({ panel: { tls: { certificate: certificateFile, key: keyFile } } })
  onTestFinished(async () => await panel.dispose())
  return panel
}

async function ask(url: string, options: RequestOptions, body?: unknown): Promise<Got> {
  return await new Promise((done, failed) => {
    const asked = request(url, options, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      answer.on("end", () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    asked.on("error", failed)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** What a port says to whoever speaks plain HTTP to it. */
async function plainly(port: number): Promise<string> {
  return await new Promise((done) => {
    let said = ""
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`GET /api/v1/setup HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
    )
    socket.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")))
    socket.on("error", () => undefined)
    socket.on("close", () => done(said))
  })
}

async function handshake(port: number, ca: string, version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): Promise<string | null> {
  return await new Promise((done) => {
    // Old versions are out of the usual security level of the client as well; it must be the server that refuses.
    const options = { ca, minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } as const
    const socket = connectTls({ host: "127.0.0.1", port, ...options }, () => {
      done(socket.getProtocol())
      socket.destroy()
    })
    socket.on("error", () => done(null))
  })
}

describeNeeding("openssl")("a panel with a certificate", () => {
  it("is reached by https, says that it always will be, and gives cookies to https alone", async () => {
    const own = await selfSigned()
    const panel = await panelWith(own)
    expect(panel.listening.url).toMatch(/^https:/)
    const ca = own.certificate
    const setup = await ask(`${panel.listening.url}/api/v1/setup`, { ca })
    expect(setup).toMatchObject({ status: 200, text: `{"needed":true}` })
    expect(setup.headers["strict-transport-security"]).toBe("max-age=31536000")

    const headers = { "content-type": "application/json", "x-holdfast": "1", origin: panel.listening.url }
    const account = { token: panel.listening.firstRunToken, username: "ada", name: "Ada", password: PASSWORD }
    expect((await ask(`${panel.listening.url}/api/v1/setup`, { ca, method: "POST", headers }, account)).status).toBe(201)
    const signIn = await ask(
      `${panel.listening.url}/api/auth/sign-in/username`,
      { ca, method: "POST", headers },
      { username: "ada", password: PASSWORD },
    )
    expect(signIn.status).toBe(200)
    expect(signIn.headers["set-cookie"]).toEqual([expect.stringMatching(/^__Secure-.*; HttpOnly; Secure; SameSite=Strict$/)])
    const foreign = { ...headers, origin: panel.listening.url.replace("https:", "http:") }
    const forged = await ask(`${panel.listening.url}/api/v1/schedule-preview`, { ca, method: "POST", headers: foreign }, {})
    expect(forged.text).toContain("REQUEST_REFUSED")
  })

  it("is trusted only by whoever knows the certificate, and says nothing in plain HTTP or an old protocol", async () => {
    const own = await selfSigned()
    const { listening } = await panelWith(own)
    const port = Number(new URL(listening.url).port)

    await expect(ask(`${listening.url}/healthz`, {})).rejects.toThrow(/self.signed/)
    expect(await plainly(port)).not.toContain("needed")
    expect(await plainly(port)).not.toContain("200 OK")
    expect(await handshake(port, own.certificate, "TLSv1.1")).toBeNull()
    expect(await handshake(port, own.certificate, "TLSv1.2")).toBe("TLSv1.2")
    expect(await handshake(port, own.certificate, "TLSv1.3")).toBe("TLSv1.3")
    expect((await ask(`${listening.url}/healthz`, { ca: own.certificate })).status).toBe(200)
  })

  it("does not listen without its certificate or key, and says which file it is", async () => {
    const own = await selfSigned()
    await rm(own.keyFile)
    await expect(panelWith(own)).rejects.toMatchObject({ code: "LISTEN_REFUSED", message: `${own.keyFile} cannot be read` })
    const unfit = `${own.certificateFile} and ${own.keyFile} are not a certificate and its key`
    for (const key of ["not a key\n", (await selfSigned()).key]) {
      await writeFile(own.keyFile, key)
      await expect(panelWith(own)).rejects.toMatchObject({ code: "LISTEN_REFUSED", message: unfit })
    }
  })
})
