import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import type { Sandbox, SandboxRequest } from "../../src/app/ports.ts"
import { chatImages, makeChatProject, type ChatProject } from "../fixture/chat-app/project.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"

const servicesSchema = z.record(z.string(), z.record(z.string(), z.unknown()))

describe("sandbox of the chat application", () => {
  useDocker(chatImages)
  let engine: EngineUnderTest
  let chat: ChatProject
  let uploaded: string
  const kept: string[] = []

  beforeAll(async () => {
    engine = engineUnderTest()
    chat = await makeChatProject(mkdtempSync(join(engine.scratchDirectory, "chat-")))
    await chat.up()
    await chat.post("a message of the live app")
    uploaded = (await chat.upload(Buffer.from("an upload"))).storage_path
  })
  afterAll(async () => {
    await chat.remove()
    engine.remove()
  })

  /** What a drill would ask for: the point's own files, secrets and configuration, and a dump to fill the database with. */
  const requestFor = async (changes: Partial<SandboxRequest> = {}): Promise<SandboxRequest> => {
    const directory = mkdtempSync(join(engine.scratchDirectory, "point-"))
    const states = await engine.docker.services(chat.name, engine.ctx())
    const live = await engine.docker.volumePath(chat.volumes.files, engine.ctx())
    await command(["cp", "-a", live?.hostPath ?? "", join(directory, "files")])
    for (const part of ["secrets", "config"]) await command(["cp", "-a", join(chat.directory, part), join(directory, part)])
    const dump = await chat.cli(["exec", "-T", "postgres", "pg_dump", "-U", "chatalot", "-d", chat.database])
    return {
      document: (await engine.docker.compose(chat.compose, engine.ctx())).document,
      projectDirectory: chat.directory,
      images: Object.fromEntries(states.map(({ service, imageId }) => [service, imageId])),
      volumeDirectories: { [chat.volumes.files]: join(directory, "files") },
      bindReplacements: {
        [join(chat.directory, "secrets")]: join(directory, "secrets"),
        [join(chat.directory, "config")]: join(directory, "config"),
      },
      databaseServices: ["postgres"],
      directory,
      fillDatabases: async (sandbox, ctx) => {
        const restored = await sandbox.exec(
          "postgres",
          ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "chatalot", "-d", chat.database],
          { stdin: { text: dump } },
          ctx,
        )
        expect(restored).toMatchObject({ exitCode: 0 })
      },
      ...changes,
    }
  }
  const untilHealthy = async (sandbox: Sandbox): Promise<{ status: number; body: string }> => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await sandbox.probe("chatalot", 8080, "/api/health", engine.ctx())
      } catch (thrown) {
        if (tries > 60) throw thrown
      }
    }
  }
  const leftOf = async (name: string): Promise<string> => {
    const filter = ["--filter", `label=com.docker.compose.project=${name}`]
    const parts = [
      ["ps", "-aq"],
      ["network", "ls", "-q"],
      ["volume", "ls", "-q"],
    ]
    return (await Promise.all(parts.map(async (args) => await command(["docker", ...args, ...filter])))).join("")
  }

  it("runs the whole app beside the live one, from its own images, files and keys, and leaves nothing", async () => {
    const before = await engine.docker.services(chat.name, engine.ctx())
    // Other suites make volumes on the same engine meanwhile: only this app's own are compared.
    const ownVolumes = async (): Promise<string> => await command(["docker", "volume", "ls", "-q", "--filter", `name=${chat.name}`])
    const volumesBefore = await ownVolumes()
    const ctx = engine.ctx()
    const request = await requestFor()
    const seen = await engine.docker.sandbox(
      request,
      async (sandbox) => {
        kept.push(sandbox.projectName)
        const health = await untilHealthy(sandbox)
        const check: unknown = JSON.parse((await sandbox.probe("chatalot", 8080, "/api/check", ctx)).body)
        const inside = await sandbox.exec("chatalot", ["sh", "-c", 'echo "$PRICE $CHAT_EXTRA"'], {}, ctx)
        await sandbox.exec("postgres", ["psql", "-U", "chatalot", "-d", chat.database, "-c", "DELETE FROM messages"], {}, ctx)
        return {
          health,
          check,
          inside: inside.stdout,
          states: await sandbox.services(ctx),
          missing: await sandbox.probe("chatalot", 8080, "/nothing", ctx),
        }
      },
      ctx,
    )
    expect(seen.health.status).toBe(200)
    expect(JSON.parse(seen.health.body)).toMatchObject({ status: "ok", version: "0.24.6", db_healthy: true })
    expect(seen.missing.status).toBe(404)
    expect(seen.check).toMatchObject({ missing: [], totp: true, messages: 1, files: 1, schema: 1, banner: `welcome to ${chat.name}` })
    expect(seen.inside).toBe("5$ from-override\n")
    expect(seen.states.map(({ service, restartPolicy }) => `${service} ${restartPolicy}`)).toEqual(["chatalot no", "postgres no"])
    expect(seen.states.flatMap(({ mounts }) => mounts.map(({ source }) => source))).not.toContain(chat.volumes.files)
    expect(await leftOf(kept[0] ?? "")).toBe("")
    expect(await ownVolumes()).toBe(volumesBefore)
    expect(readdirSync(request.directory).toSorted()).toEqual(["config", "files", "secrets"])
    expect((await chat.check()).messages).toBe(1)
    const after = await engine.docker.services(chat.name, engine.ctx())
    expect(after.map(({ containerId, state }) => containerId + state)).toEqual(before.map(({ containerId, state }) => containerId + state))
    expect(uploaded).toMatch(/^\/app\/data\/files\//)
  })

  it("reaches neither the host nor the live database nor the world", async () => {
    const listener = await listen()
    const port = portOf(listener)
    const live = (await engine.docker.services(chat.name, engine.ctx())).find(({ service }) => service === "postgres")
    const gateways = (await command(["sh", "-c", "hostname -I"])).trim().split(" ")
    const ctx = engine.ctx()
    try {
      const reached = await engine.docker.sandbox(
        await requestFor(),
        async (sandbox) => {
          await untilHealthy(sandbox)
          const script = `const net = require("node:net"); const targets = process.argv.slice(1); Promise.all(targets.map((t) => new Promise((done) => {
            const [host, port] = t.split("|"); const s = net.connect(Number(port), host); s.setTimeout(2000, () => { s.destroy(); done(t + " timeout") });
            s.on("connect", () => { s.destroy(); done(t + " REACHED") }); s.on("error", (e) => done(t + " " + e.code)) }))).then((all) => console.log(all.join("\\n")))`
          const own = (await sandbox.services(ctx)).flatMap(({ addresses }) => addresses.map(({ address }) => address))
          const bridge = own.map((address) => address.replace(/\.\d+$/, ".1"))
          const targets = [...gateways, ...bridge, "172.17.0.1"].map((host) => `${host}|${port}`)
          const databases = (live?.addresses ?? []).map(({ address }) => `${address}|5432`)
          const result = await sandbox.exec(
            "chatalot",
            ["node", "-e", script, ...targets, ...databases, "192.0.2.1|80", "postgres|5432"],
            {},
            ctx,
          )
          return result.stdout.trim().split("\n")
        },
        ctx,
      )
      // The one that must be reached shows that the probe can see at all.
      expect(reached.filter((line) => line.includes("REACHED"))).toEqual(["postgres|5432 REACHED"])
      expect(reached.length).toBeGreaterThan(4)
    } finally {
      listener.close()
    }
  })

  it("probes from inside the app's own container where there is no helper image", async () => {
    const without = engineUnderTest(process.env["DOCKER_HOST"], { noBusybox: true })
    try {
      const status = await without.docker.sandbox(
        await requestFor(),
        async (sandbox) => {
          await untilHealthy(sandbox)
          return await sandbox.probe("chatalot", 8080, "/api/health", without.ctx())
        },
        without.ctx(),
      )
      expect(status.status).toBe(200)
      expect(JSON.parse(status.body)).toMatchObject({ status: "ok" })
    } finally {
      without.remove()
    }
  })

  it("probes with whatever the container has, and tells a bad status from no answer", async () => {
    const without = engineUnderTest(process.env["DOCKER_HOST"], { noBusybox: true })
    const serve = `require("node:http").createServer((q, r) => { r.statusCode = q.url === "/bad" ? 503 : 200; r.end("from " + q.url) }).listen(80)`
    const services = {
      wget: {
        image: "holdfast-test/busybox",
        command: ["sh", "-c", "mkdir /www && printf 'from wget' > /www/page && exec httpd -f -p 80 -h /www"],
      },
      bash: { image: "holdfast-test/node", command: ["node", "-e", serve] },
    }
    const request = {
      ...(await requestFor()),
      document: { name: "tiny", services },
      images: {},
      databaseServices: [],
      fillDatabases: async () => undefined,
    }
    const answers = async (probing: EngineUnderTest): Promise<unknown[]> =>
      await probing.docker.sandbox(
        request,
        async (sandbox, ctx) => {
          const ask = async (service: string, port: number, path: string): Promise<unknown> =>
            await sandbox.probe(service, port, path, ctx).catch((error: unknown) => (error instanceof Error ? error.message : error))
          const isUp = async (): Promise<boolean> =>
            typeof (await ask("bash", 80, "/")) === "object" && typeof (await ask("wget", 80, "/page")) === "object"
          for (let tries = 0; tries < 40 && !(await isUp()); tries += 1);
          const asked = [
            ["bash", 80, "/good"],
            ["bash", 80, "/bad"],
            ["bash", 81, "/"],
            ["wget", 80, "/page"],
            ["wget", 80, "/none"],
            ["wget", 81, "/"],
          ] as const
          return await Promise.all(asked.map(async ([service, port, path]) => await ask(service, port, path)))
        },
        probing.ctx(),
      )
    const nothing = (service: string): string => `service ${service} does not answer on port 81`
    try {
      const inside = await answers(without)
      expect(inside).toEqual([
        { status: 200, body: "from /good" },
        { status: 503, body: "from /bad" },
        nothing("bash"),
        { status: 200, body: "from wget" },
        { status: 404, body: "" },
        nothing("wget"),
      ])
      const helped = await answers(engine)
      expect(helped.slice(0, 4)).toEqual(inside.slice(0, 4))
      expect(helped[4]).toMatchObject({ status: 404 })
      expect(helped[5]).toBe(nothing("wget"))
    } finally {
      without.remove()
    }
  })

  it("is torn down when its use fails, when it is cancelled, and by what it left when we were killed", async () => {
    const names: string[] = []
    const failing = engine.docker.sandbox(
      await requestFor(),
      async (sandbox) => {
        names.push(sandbox.projectName)
        throw new Error("the gate said no")
      },
      engine.ctx(),
    )
    await expect(failing).rejects.toThrow("the gate said no")
    const controller = new AbortController()
    const cancelled = engine.docker.sandbox(
      await requestFor(),
      async (sandbox, ctx) => {
        names.push(sandbox.projectName)
        controller.abort(new Error("cancelled by hand"))
        await ctx.clock.sleep(10_000, ctx.signal)
      },
      engine.ctx({ signal: controller.signal }),
    )
    await expect(cancelled).rejects.toThrow("cancelled by hand")
    for (const name of names) expect(await leftOf(name)).toBe("")
    expect(names).toHaveLength(2)

    const operationId = "killed-in-between"
    const removed = await engine.docker.sandbox(
      await requestFor(),
      async () => await engine.docker.removeLeftovers(operationId, engine.ctx()),
      engine.ctx({ operationId }),
    )
    expect(removed.map((line) => line.replace(/ .*[-_]/, " ")).toSorted()).toEqual([
      "container 1",
      "container 1",
      "network sandbox",
      "volume data",
    ])
  })

  it("refuses what a sandbox must not have, naming service and reason, before anything is made", async () => {
    const request = await requestFor()
    const before = await command(["docker", "ps", "-aq"])
    const refusal = async (change: Record<string, unknown>, images = {}): Promise<unknown> => {
      const services = servicesSchema.parse(request.document["services"])
      const document = { ...request.document, services: { ...services, chatalot: { ...services["chatalot"], ...change } } }
      const asked = { ...request, document, images: { ...request.images, ...images } }
      return await engine.docker.sandbox(asked, async () => "ran", engine.ctx()).catch((error: unknown) => error)
    }
    const said = async (change: Record<string, unknown>, images = {}): Promise<string> => {
      const error = await refusal(change, images)
      expect(error).toMatchObject({ code: "SANDBOX_REFUSED" })
      return error instanceof Error ? error.message : ""
    }
    const bind = (source: string) => ({ volumes: [{ type: "bind", source, target: "/x" }] })
    expect(await said({ privileged: true })).toBe("service chatalot cannot run in a sandbox: it is privileged")
    expect(await said({ network_mode: "host" })).toBe("service chatalot cannot run in a sandbox: it uses the host's network")
    expect(await said({ pid: "host" })).toContain("it uses the host's process space")
    expect(await said({ ipc: "host" })).toContain("it uses the host's ipc")
    expect(await said({ network_mode: "container:abc" })).toContain("a container outside the project")
    expect(await said({ devices: ["/dev/kvm:/dev/kvm"] })).toContain("it uses devices of the host")
    expect(await said({ cap_add: ["CAP_SYS_ADMIN"] })).toContain("it has the capability CAP_SYS_ADMIN")
    expect(await said(bind("/var/run/docker.sock"))).toContain("it mounts the engine's socket /var/run/docker.sock")
    expect(await said(bind("/proc"))).toContain("it mounts /proc of the host")
    expect(await said(bind("/etc/hostname"))).toContain("it mounts the file /etc/hostname, which is not part of the point")
    expect(await said({}, { turn: "holdfast-test/busybox" })).toBe("service turn cannot run in a sandbox: it uses the host's network")
    const gone = await refusal({}, { chatalot: `sha256:${"0".repeat(64)}` })
    expect(gone).toMatchObject({ code: "IMAGE_MISSING" })
    expect(await command(["docker", "ps", "-aq"])).toBe(before)
  })

  it("gives an empty directory for a bind mount that the point does not hold, and never the live one", async () => {
    const request = await requestFor()
    const live = join(chat.directory, "cache")
    mkdirSync(live)
    writeFileSync(join(live, "live-file"), "live")
    const services = servicesSchema.parse(request.document["services"])
    const postgres = {
      ...services["postgres"],
      volumes: [{ type: "bind", source: live, target: "/cache" }],
      ports: [{ target: 5432, published: "5432" }],
      extra_hosts: ["x:1.2.3.4"],
    }
    const document = { ...request.document, services: { postgres } }
    const listed = await engine.docker.sandbox(
      { ...request, document, fillDatabases: async () => undefined },
      async (sandbox, ctx) => {
        await sandbox.exec("postgres", ["sh", "-c", "touch /cache/new"], {}, ctx)
        return (await sandbox.exec("postgres", ["sh", "-c", "ls /cache; grep -c 1.2.3.4 /etc/hosts"], {}, ctx)).stdout
      },
      engine.ctx(),
    )
    expect(listed).toBe("new\n0\n")
    expect(readdirSync(live)).toEqual(["live-file"])
    rmSync(live, { recursive: true })
  })
})

async function listen(): Promise<Server> {
  const server = createServer((_request, response) => response.end("host"))
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve))
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  return address !== null && typeof address === "object" ? address.port : 0
}
