/** The socket proxy before a real engine: what is hostile never reaches it, and nobody else's container is ever reached. */
import { symlink, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { z } from "zod"
import { readSwitches } from "../../src/socket-proxy/socket-proxy.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { bodyFor, harmless, hostileBodies, hostileFraming, hostileTargets } from "../fixture/socket-proxy/hostile.ts"
import { ENVIRONMENT_CANARY, proxyWorld, type ProxyUnderTest, type ProxyWorld } from "../fixture/socket-proxy/world.ts"

const BUSYBOX = "holdfast-test/busybox"
const createdSchema = z.object({ Id: z.string() })

describeNeeding("docker")("socket proxy", () => {
  useDocker([BUSYBOX])
  let world: ProxyWorld
  let proxy: ProxyUnderTest
  let foreignBefore = ""

  beforeAll(async () => {
    world = await proxyWorld()
    proxy = await world.proxy()
    foreignBefore = await world.foreignState()
  })
  afterAll(async () => {
    await world.dispose()
  })

  const request = (method: string, target: string, body: string): string => {
    const type = body === "" ? "" : "Content-Type: application/json\r\n"
    return `${method} ${target} HTTP/1.1\r\nHost: docker\r\n${type}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }
  const create = async (through: ProxyUnderTest, members: object): Promise<string> => {
    const answer = await through.raw(request("POST", "/v1.41/containers/create", JSON.stringify({ ...harmless, ...members })))
    expect(answer).toMatch(/^HTTP\/1.1 201 /)
    const { Id } = createdSchema.parse(JSON.parse(answer.slice(answer.indexOf("{"))))
    onTestFinished(async () => void (await command(["docker", "rm", "--force", "--volumes", Id])))
    return Id
  }
  const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)

  it("lets the harmless request through, with its own label, without rights beyond the usual", async () => {
    const id = await create(proxy, { HostConfig: { NetworkMode: "none", Binds: [`${world.allowed}:/x`], Privileged: false } })
    const shown = await command([
      "docker",
      "inspect",
      "--format",
      '{{.HostConfig.Privileged}} {{.HostConfig.Binds}} {{index .Config.Labels "holdfast.socket-proxy"}}',
      id,
    ])
    expect(shown.trim()).toBe(`false [${world.allowed}:/x] ${world.scope}`)
  })

  describe("refuses what is hostile", () => {
    it.each(hostileBodies)("in a body: %s", async (_, body) => {
      expect(statusOf(await proxy.raw(request("POST", "/v1.41/containers/create", world.named(body))))).toBeGreaterThanOrEqual(400)
    })

    it.each(hostileTargets)("in an address: %s", async (_, method, target) => {
      const answer = await proxy.raw(request(method, world.named(target), bodyFor(method, target)))
      expect(statusOf(answer)).toBeGreaterThanOrEqual(400)
      expect(answer).not.toContain(ENVIRONMENT_CANARY)
    })

    it.each(hostileFraming)("in the framing: %s", async (_, bytes) => {
      expect(statusOf(await proxy.raw(bytes))).toBeGreaterThanOrEqual(400)
    })

    it("a link out of what is allowed", async () => {
      await symlink("/etc", join(world.allowed, "link"))
      const body = JSON.stringify({ ...harmless, HostConfig: { NetworkMode: "none", Binds: [`${world.allowed}/link:/x`] } })
      expect(await proxy.raw(request("POST", "/v1.41/containers/create", body))).toContain("leads out of what is allowed")
    })

    it("and answers one request for each connection, whatever follows it", async () => {
      const harmlessRequest = request("GET", "/_ping", "")
      const answer = await proxy.raw(harmlessRequest + request("POST", "/v1.41/containers/create", JSON.stringify(harmless)))
      expect(answer.match(/HTTP\/1.1 2\d\d/g)).toHaveLength(1)
    })

    it("and nothing was made, nothing of anybody else's was touched, and each refusal was told with its reason", async () => {
      expect(await world.made()).toBe("")
      expect(await world.foreignState()).toBe(foreignBefore)
      expect(proxy.refused.length).toBeGreaterThanOrEqual(hostileBodies.length + hostileTargets.length)
      expect(proxy.refused.filter(({ why, status }) => why === "" || status < 400)).toEqual([])
      expect(proxy.refused).toContainEqual({ method: "POST", path: "/v1.41/commit", status: 403, why: '"POST /commit" is not let through' })
    })
  })

  it("shows its own containers without their environment, and nobody else's", async () => {
    const id = await create(proxy, { Env: [`TOKEN=${ENVIRONMENT_CANARY}`] })
    const shown = await proxy.docker("inspect", id)
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toContain(id)
    const all = await proxy.docker("ps", "--all", "--no-trunc", "--quiet")
    expect(all.stdout.trim()).toBe(id)
    const everything =
      shown.stdout +
      (await proxy.docker("system", "info")).stdout +
      (await proxy.docker("volume", "ls")).stdout +
      (await proxy.docker("network", "ls")).stdout
    expect(everything).not.toContain(ENVIRONMENT_CANARY)
    expect(everything).not.toContain(world.named("foreign"))
    expect(everything).not.toMatch(/foreign-(app|net|data)/)
  })

  it("joins the streams of a container when it may, both ways, to their end", async () => {
    const attached = await world.proxy({ permissions: ["attach"] })
    const args = ["run", "--rm", "--network=none", "--interactive", BUSYBOX, "sh", "-c", "cat; echo done; exit 7"]
    expect(await attached.docker(...args)).toMatchObject({ exitCode: 7, stdout: "typed\ndone\n" })
    expect(await proxy.docker("run", "--network=none", BUSYBOX, "true")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("403"),
    })
    const others = await attached.docker("attach", world.named("foreign-app"))
    expect(others.stderr).toContain("belongs to none of the projects")
  })

  it("runs programs in its own containers when it may, and never where EXEC=0 or in somebody else's", async () => {
    const id = await create(proxy, {})
    await command(["docker", "start", id])
    const may = await world.proxy({ permissions: ["exec"] })
    expect(await may.docker("exec", "--interactive", id, "cat")).toMatchObject({ exitCode: 0, stdout: "typed\n" })
    expect((await may.docker("exec", "--privileged", id, "id")).stderr).toContain("Privileged")
    expect((await may.docker("exec", world.named("foreign-app"), "id")).stderr).toContain("belongs to none of the projects")
    const off = await world.proxy({ permissions: ["exec"], switches: readSwitches({ EXEC: "0" }) })
    expect((await off.docker("exec", id, "id")).stderr).toContain("switched off by EXEC=0")
    expect((await proxy.docker("exec", id, "id")).stderr).toContain("--allow exec")
    expect(await world.foreignState()).toBe(foreignBefore)
  })

  it("puts a container into the network of its own where programs may be run inside, and never into somebody else's", async () => {
    const id = await create(proxy, {})
    await command(["docker", "start", id])
    const may = await world.proxy({ permissions: ["exec", "attach"] })
    const beside = async (at: typeof proxy, other: string) =>
      await at.docker("run", "--rm", "--interactive", `--network=container:${other}`, BUSYBOX, "hostname")
    expect(await beside(may, id)).toMatchObject({ exitCode: 0, stdout: `${id.slice(0, 12)}\n` })
    const foreignId = (await command(["docker", "inspect", "--format", "{{.Id}}", world.named("foreign-app")])).trim()
    expect((await beside(may, foreignId)).stderr).toContain("belongs to none of the projects")
    expect((await beside(await world.proxy({ permissions: ["attach"] }), id)).stderr).toContain("is shared with others")
    expect(await world.foreignState()).toBe(foreignBefore)
  })

  it("copies files in and out when it may", async () => {
    const id = await create(proxy, {})
    const may = await world.proxy({ permissions: ["archive"] })
    const file = join(world.directory, "in.txt")
    await writeFile(file, "from outside")
    expect(await may.docker("cp", file, `${id}:/in.txt`)).toMatchObject({ exitCode: 0 })
    expect((await may.docker("cp", `${id}:/in.txt`, "-")).stdout).toContain("from outside")
    expect((await proxy.docker("cp", file, `${id}:/in.txt`)).stderr).toContain("--allow archive")
  })

  it("follows a log, and lets go of it when the caller goes", async () => {
    const id = await create(proxy, { Cmd: ["sh", "-c", "echo begun; sleep 1000"] })
    await command(["docker", "start", id])
    let heard = ""
    const socket = connect(proxy.path, () => socket.write(request("GET", `/v1.41/containers/${id}/logs?follow=1&stdout=1`, "")))
    socket.on("data", (bytes) => (heard += bytes.toString("latin1")))
    await waitFor(() => Promise.resolve(heard.includes("begun")))
    const closed = new Promise((resolve) => socket.once("close", resolve))
    socket.destroy()
    await closed
    expect((await proxy.docker("ps")).exitCode).toBe(0)
  })

  it("holds so many connections and no more, and the engine stays reachable meanwhile", async () => {
    const crowded = await world.proxy()
    let closed = 0
    const sockets = Array.from({ length: 100 }, () =>
      connect(crowded.path)
        .on("error", () => undefined)
        .on("close", () => (closed += 1)),
    )
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
    await waitFor(() => Promise.resolve(closed >= 36))
    expect(closed).toBe(36)
    expect(await world.foreignState()).toBe(foreignBefore)
  })
})
