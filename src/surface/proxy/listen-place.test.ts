import { stat, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { command } from "../../../test/fixture/docker/command.ts"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { bindServer, readListenPlace } from "./listen-place.ts"

function newServer(): Server {
  const server = createServer()
  onTestFinished(() => void server.close())
  return server
}

describe("where the proxy listens", () => {
  it.each([
    ["/run/proxy.sock", { kind: "socket", path: "/run/proxy.sock" }],
    ["unix:///run/proxy.sock", { kind: "socket", path: "/run/proxy.sock" }],
    ["127.0.0.1:2375", { kind: "tcp", host: "127.0.0.1", port: 2375 }],
    ["tcp://[::1]:2375", { kind: "tcp", host: "::1", port: 2375 }],
  ])("%s is read", (text, place) => {
    expect(readListenPlace(text, false)).toEqual(place)
  })

  it.each(["0.0.0.0:2375", "[::]:2375", "192.0.2.1:2375", "localhost:2375", "127.0.0.1.evil.example:2375"])(
    "%s is refused, because others could come in",
    (text) => {
      expect(() => readListenPlace(text, false)).toThrow(`the socket proxy does not listen on ${text}`)
      expect(readListenPlace(text, true)).toMatchObject({ kind: "tcp", port: 2375 })
    },
  )

  it.each(["", "2375", "127.0.0.1", "127.0.0.1:70000", "http://127.0.0.1:2375", "127.0.0.1:2375/x", "run/proxy.sock"])(
    "%j is no place",
    (text) => {
      expect(() => readListenPlace(text, true)).toThrow("neither a socket nor an address")
    },
  )

  it("is a socket for its owner and group alone", async () => {
    const path = join(await temporaryDirectory("listen"), "proxy.sock")
    expect(await bindServer(newServer(), { kind: "socket", path })).toBe(`unix://${path}`)
    expect((await stat(path)).mode & 0o777).toBe(0o660)
  })

  it("may be a socket that a killed proxy left, but none that somebody answers on, and no file", async () => {
    const directory = await temporaryDirectory("listen")
    const left = join(directory, "left.sock")
    await command([
      process.execPath,
      "-e",
      `require("net").createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, "SIGKILL"))`,
    ]).catch(() => undefined)
    expect((await stat(left)).isSocket()).toBe(true)
    await bindServer(newServer(), { kind: "socket", path: left })
    await expect(bindServer(newServer(), { kind: "socket", path: left })).rejects.toMatchObject({ code: "LISTEN_REFUSED" })
    const file = join(directory, "file")
    await writeFile(file, "mine")
    await expect(bindServer(newServer(), { kind: "socket", path: file })).rejects.toMatchObject({ code: "LISTEN_REFUSED" })
  })

  it("is a folder that is there", async () => {
    const folder = join(await temporaryDirectory("listen"), "none")
    await expect(bindServer(newServer(), { kind: "socket", path: join(folder, "proxy.sock") })).rejects.toMatchObject({
      code: "LISTEN_REFUSED",
      why: `there is no folder ${folder}`,
      hint: `Make it first, for those who may use the proxy: mkdir -m 0750 ${folder}`,
    })
  })

  it("is told with the port that was found", async () => {
    expect(await bindServer(newServer(), { kind: "tcp", host: "127.0.0.1", port: 0 })).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
  })
})
