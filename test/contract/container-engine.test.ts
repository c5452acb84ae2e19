import { mkdirSync, openSync, closeSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { Secret } from "../../src/base/secret.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { tinyProject, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"

const BUSYBOX = "holdfast-test/busybox"
const CANARY = "canary-5cf1e0-do-not-show"

const twoServices = `
services:
  web:
    image: ${BUSYBOX}
    command: ["sh", "-c", "trap 'exit 0' TERM; echo from-web; echo problem >&2; while :; do sleep 0.05; done"]
    restart: always
    stop_grace_period: 1m30s
    environment: { TOKEN: "${CANARY}", PRICE: "5$$" }
    volumes: ["data:/data"]
  db:
    image: ${BUSYBOX}
    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]
    restart: on-failure:3
    healthcheck: { test: ["CMD", "true"], interval: 200ms }
  extra:
    image: ${BUSYBOX}
    profiles: [seldom]
    command: ["sleep", "1000"]
volumes:
  data:
`

describe("container engine", () => {
  useDocker([BUSYBOX, "holdfast-test/debian:bookworm"])
  let engine: EngineUnderTest
  beforeAll(() => {
    engine = engineUnderTest()
  })
  afterAll(() => engine.remove())

  const running = async (): Promise<TinyProject> => {
    const project = tinyProject(engine.scratchDirectory, twoServices)
    onTestFinished(project.remove)
    await project.up()
    return project
  }
  const idOf = async (project: TinyProject, service: string): Promise<string> => {
    const states = await engine.docker.services(project.compose.projectName, engine.ctx())
    return states.find((state) => state.service === service)?.containerId ?? "none"
  }

  it("tells the versions of engine and compose", async () => {
    const version = await engine.docker.version(engine.ctx())
    expect(version.engine).toMatch(/^\d+\.\d+/)
    expect(version.compose).toMatch(/^v?2\.\d+/)
  })

  it("says plainly that the engine does not answer", async () => {
    const lost = engineUnderTest(`unix://${engine.scratchDirectory}/nobody.sock`)
    onTestFinished(lost.remove)
    await expect(lost.docker.version(lost.ctx())).rejects.toMatchObject({
      code: "ENGINE_UNREACHABLE",
      message: "the Docker engine does not answer",
    })
    await expect(
      lost.docker.runHelper({ image: BUSYBOX, argv: ["true"], network: "none", binds: [], environment: {} }, lost.ctx()),
    ).rejects.toMatchObject({
      code: "ENGINE_UNREACHABLE",
    })
  })

  describe("compose configuration", () => {
    it("is resolved with override, every profile and the last of repeated keys in .env", async () => {
      const project = tinyProject(
        engine.scratchDirectory,
        `
services:
  web:
    image: "${BUSYBOX}:\${TAG}"
    env_file: [web.env]
    environment: { PRICE: "5$$", EMPTY: "", PASSED: }
    ports: ["127.0.0.1:8080:80"]
    volumes: ["data:/data:ro", "./config:/config", "/anonymous", "other:/other"]
    tmpfs: ["/tmp:size=1m"]
    secrets: [password]
    depends_on: [db]
    stop_grace_period: 1m30s
  db: { image: "${BUSYBOX}", healthcheck: { test: ["CMD", "true"] } }
  turn: { image: "${BUSYBOX}", profiles: [turn], network_mode: host }
volumes: { data: {}, other: { external: true, name: somebody_elses } }
secrets: { password: { file: ./secrets/password } }
`,
        {
          ".env": "TAG=old\nTAG=latest\n",
          "web.env": "FROM_FILE=yes\n",
          "compose.override.yml": 'services: { web: { labels: { price: "1$$" }, ports: ["9000:9000/udp"] } }\n',
        },
      )
      const model = await engine.docker.compose(project.compose, engine.ctx())
      const web = model.services.find(({ name }) => name === "web")
      const directory = project.compose.projectDirectory
      expect(model.services.map(({ name }) => name).toSorted()).toEqual(["db", "turn", "web"])
      expect(web).toMatchObject({
        image: `${BUSYBOX}:latest`,
        builds: false,
        envFiles: [join(directory, "web.env")],
        mounts: [
          { kind: "volume", source: "data", target: "/data", readOnly: true },
          { kind: "bind", source: join(directory, "config"), target: "/config", readOnly: false },
          { kind: "volume", source: "", target: "/anonymous", readOnly: false },
          { kind: "volume", source: "other", target: "/other", readOnly: false },
          { kind: "tmpfs", source: "", target: "/tmp", readOnly: false },
        ],
        secrets: ["password"],
        dependsOn: ["db"],
        publishedPorts: [
          { host: "127.0.0.1", published: "8080", target: 80 },
          { host: "0.0.0.0", published: "9000", target: 9000 },
        ],
        hasHealthCheck: false,
        stopGraceSeconds: 90,
        labels: { price: "1$" },
      })
      expect(Object.fromEntries(Object.entries(web?.environment ?? {}).map(([name, value]) => [name, value.reveal()]))).toEqual({
        PRICE: "5$",
        EMPTY: "",
        FROM_FILE: "yes",
      })
      expect(model.services.find(({ name }) => name === "db")?.hasHealthCheck).toBe(true)
      expect(model.services.find(({ name }) => name === "turn")).toMatchObject({ profiles: ["turn"], networkMode: "host" })
      expect(model.volumes).toEqual({
        data: { name: `${project.compose.projectName}_data`, external: false },
        other: { name: "somebody_elses", external: true },
      })
      expect(model.secretFiles).toEqual({ password: join(directory, "secrets/password") })
    })

    it("that cannot be resolved is refused with compose's own words", async () => {
      const project = tinyProject(engine.scratchDirectory, "services: { web: { image: x, ports: [nonsense] } }")
      await expect(engine.docker.compose(project.compose, engine.ctx())).rejects.toMatchObject({
        code: "COMPOSE_INVALID",
        message: `the compose configuration of ${project.compose.projectName} cannot be resolved`,
        why: expect.stringContaining("nonsense"),
      })
    })

    it("names an env file that it cannot follow", async () => {
      const project = tinyProject(engine.scratchDirectory, `services: { web: { image: x, env_file: "\${WHICH}.env" } }`, {
        ".env": "WHICH=a\n",
        "a.env": "A=1\n",
      })
      const model = await engine.docker.compose(project.compose, engine.ctx())
      expect(model.services[0]?.envFiles).toEqual([])
      expect(engine.notes.at(-1)).toContain("whose name is made from a variable")
    })
  })

  describe("services", () => {
    it("are found by compose labels with state, health, mounts, addresses and environment; one-off containers are not", async () => {
      const project = await running()
      const { projectName } = project.compose
      const labels = [`com.docker.compose.project=${projectName}`, "com.docker.compose.service=web", "com.docker.compose.oneoff=True"]
      const oneOff = (
        await command(["docker", "run", "-d", "--rm", ...labels.flatMap((label) => ["--label", label]), BUSYBOX, "sleep", "100"])
      ).trim()
      onTestFinished(async () => void (await command(["docker", "rm", "-f", oneOff])))
      await waitFor(async () => (await engine.docker.services(projectName, engine.ctx())).some(({ health }) => health === "healthy"))
      const states = await engine.docker.services(projectName, engine.ctx())
      expect(states.map(({ service, state, health, restartPolicy }) => ({ service, state, health, restartPolicy }))).toEqual([
        { service: "db", state: "running", health: "healthy", restartPolicy: "on-failure:3" },
        { service: "web", state: "running", health: null, restartPolicy: "always" },
      ])
      const web = states[1]
      expect(web?.mounts).toMatchObject([{ kind: "volume", source: `${projectName}_data`, target: "/data", readOnly: false }])
      expect(web?.addresses[0]?.network).toBe(`${projectName}_default`)
      expect(web?.environment["PRICE"]?.reveal()).toBe("5$")
      expect(JSON.stringify(states)).not.toContain(CANARY)
      expect(web?.imageId).toMatch(/^sha256:/)
      expect(web?.repositoryDigests).toEqual([])
    })

    it("stop with their restart policy off, start again with it, and a second stack with the same names is untouched", async () => {
      const project = await running()
      const other = await running()
      const before = await engine.docker.services(other.compose.projectName, engine.ctx())
      const { projectName } = project.compose
      const stopped = await engine.docker.stopServices(projectName, ["web", "absent", "db"], 5, engine.ctx())
      expect(stopped.map(({ service, restartPolicy, wasRunning }) => ({ service, restartPolicy, wasRunning }))).toEqual([
        { service: "web", restartPolicy: "always", wasRunning: true },
        { service: "db", restartPolicy: "on-failure:3", wasRunning: true },
      ])
      expect(
        (await engine.docker.services(projectName, engine.ctx())).map(({ state, restartPolicy }) => ({ state, restartPolicy })),
      ).toEqual([
        { state: "exited", restartPolicy: "no" },
        { state: "exited", restartPolicy: "no" },
      ])
      await engine.docker.startServices(stopped, engine.ctx())
      await engine.docker.startServices(stopped, engine.ctx())
      expect(
        (await engine.docker.services(projectName, engine.ctx())).map(({ state, restartPolicy }) => ({ state, restartPolicy })),
      ).toEqual([
        { state: "running", restartPolicy: "on-failure:3" },
        { state: "running", restartPolicy: "always" },
      ])
      const after = await engine.docker.services(other.compose.projectName, engine.ctx())
      expect(after.map(({ containerId, state }) => ({ containerId, state }))).toEqual(
        before.map(({ containerId, state }) => ({ containerId, state })),
      )
    })

    it("that were not running stay so, and a stubborn one is killed with a warning", async () => {
      const project = tinyProject(
        engine.scratchDirectory,
        `services: { deaf: { image: ${BUSYBOX}, command: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"] }, done: { image: ${BUSYBOX}, command: ["true"] } }`,
      )
      onTestFinished(project.remove)
      await project.up()
      await waitFor(async () =>
        (await engine.docker.services(project.compose.projectName, engine.ctx())).some(({ state }) => state === "exited"),
      )
      const stopped = await engine.docker.stopServices(project.compose.projectName, ["deaf", "done"], 1, engine.ctx())
      expect(stopped.map(({ wasRunning }) => wasRunning)).toEqual([true, false])
      expect(engine.notes).toContain("service deaf did not stop within 1 s and was killed")
      await engine.docker.startServices(stopped, engine.ctx())
      const states = await engine.docker.services(project.compose.projectName, engine.ctx())
      expect(states.map(({ service, state }) => `${service} ${state}`)).toEqual(["deaf running", "done exited"])
    })

    it("come up alone with noDeps, and go down with their volumes when told", async () => {
      const project = tinyProject(
        engine.scratchDirectory,
        `services: { web: { image: ${BUSYBOX}, init: true, command: [sleep, "100"], depends_on: [db], volumes: ["data:/d"] }, db: { image: ${BUSYBOX}, init: true, command: [sleep, "100"] } }\nvolumes: { data: }`,
      )
      onTestFinished(project.remove)
      const { projectName } = project.compose
      await engine.docker.up(project.compose, ["web"], { noDeps: true }, engine.ctx())
      expect((await engine.docker.services(projectName, engine.ctx())).map(({ service }) => service)).toEqual(["web"])
      await engine.docker.up(project.compose, null, { noDeps: false }, engine.ctx())
      expect((await engine.docker.services(projectName, engine.ctx())).map(({ service }) => service)).toEqual(["db", "web"])
      await engine.docker.down(project.compose, { volumes: false }, engine.ctx())
      expect(await engine.docker.volumePath(`${projectName}_data`, engine.ctx())).not.toBeNull()
      await engine.docker.down(project.compose, { volumes: true }, engine.ctx())
      expect(await engine.docker.volumePath(`${projectName}_data`, engine.ctx())).toBeNull()
      expect(await engine.docker.services(projectName, engine.ctx())).toEqual([])
    })

    it("whose image must be built is not built by up", async () => {
      const project = tinyProject(engine.scratchDirectory, "services: { web: { build: . } }", { Dockerfile: `FROM ${BUSYBOX}\n` })
      onTestFinished(project.remove)
      await expect(engine.docker.up(project.compose, null, { noDeps: false }, engine.ctx())).rejects.toMatchObject({
        code: "IMAGE_MISSING",
      })
    })

    it("tell the end of their log", async () => {
      const project = await running()
      const id = await idOf(project, "web")
      await waitFor(async () => (await engine.docker.logs(id, 10, engine.ctx())).includes("problem"))
      expect((await engine.docker.logs(id, 10, engine.ctx())).split("\n").toSorted()).toEqual(["from-web", "problem"])
      expect(await engine.docker.logs("0123456789ab", 10, engine.ctx())).toBe("")
    })
  })

  describe("exec", () => {
    it("gives output, exit code and the end of standard error, as a user, with input and secrets that no argument shows", async () => {
      const project = await running()
      const id = await idOf(project, "web")
      const script = `cat; echo "$NAME $PASSWORD"; id -u; echo bad >&2; cat /proc/*/cmdline | tr '\\0' ' ' >/tmp/arguments; exit 7`
      const environment = { NAME: "plain", PASSWORD: new Secret(CANARY) }
      const result = await engine.docker.exec(
        id,
        ["sh", "-c", script],
        { user: "1000", environment, stdin: { text: new Secret("typed\n") } },
        engine.ctx(),
      )
      expect(result).toMatchObject({ exitCode: 7, stderrTail: expect.stringContaining("bad") })
      expect(result.stdout).toBe(`typed\nplain ${CANARY}\n1000\n`)
      expect(readdirSync(engine.scratchDirectory).filter((name) => name.startsWith("environment-"))).toEqual([])
    })

    it("tells a container that is not running from a command that failed", async () => {
      const project = await running()
      const id = await idOf(project, "db")
      await engine.docker.stopServices(project.compose.projectName, ["db"], 1, engine.ctx())
      await expect(engine.docker.exec(id, ["true"], {}, engine.ctx())).rejects.toMatchObject({
        code: "SERVICE_NOT_RUNNING",
        message: `container ${project.compose.projectName}-db-1 is not running (exited)`,
      })
      await expect(engine.docker.exec("0123456789ab", ["true"], {}, engine.ctx())).rejects.toMatchObject({ code: "SERVICE_NOT_RUNNING" })
      const web = await idOf(project, "web")
      await expect(engine.docker.exec(web, ["no-such-program"], {}, engine.ctx())).rejects.toMatchObject({ code: "CONTAINER_FAILED" })
      expect(await engine.docker.exec(web, ["sh", "-c", "exit 126"], {}, engine.ctx())).toMatchObject({ exitCode: 126 })
    })
  })

  describe("helper", () => {
    const helper = { image: BUSYBOX, network: "none", binds: [], environment: {} } as const
    const labelled = async (operationId: string): Promise<string> =>
      await command(["docker", "ps", "-aq", "--filter", `label=holdfast.operation=${operationId}`])

    it("reads and writes descriptors, sees its binds, gives its own exit code and is gone afterwards", async () => {
      const ctx = engine.ctx()
      const directory = join(engine.scratchDirectory, 'with, comma and "quote"')
      mkdirSync(directory)
      writeFileSync(join(directory, "in"), "from a file\n")
      const stdin = openSync(join(directory, "in"), "r")
      const stdout = openSync(join(directory, "out"), "w")
      const result = await engine.docker.runHelper(
        {
          ...helper,
          argv: ["sh", "-c", "cat; cat /mnt/in; touch /mnt/new 2>/dev/null; exit 9"],
          binds: [{ hostPath: directory, target: "/mnt", readOnly: true }],
          stdin: { fd: stdin },
          stdout: { fd: stdout },
        },
        ctx,
      )
      closeSync(stdin)
      closeSync(stdout)
      expect(result).toMatchObject({ exitCode: 9, stdout: "" })
      expect(readFileSync(join(directory, "out"), "utf8")).toBe("from a file\nfrom a file\n")
      expect(readdirSync(directory).toSorted()).toEqual(["in", "out"])
      expect(await labelled(ctx.operationId)).toBe("")
    })

    it("gets secrets that neither docker inspect nor any argument list shows", async () => {
      const ctx = engine.ctx()
      const environment = { PLAIN: "visible", PASSWORD: new Secret(`${CANARY} it's\ntwo lines`) }
      const argv = ["sh", "-c", 'echo started; read line; echo "$PLAIN $PASSWORD"'] as const
      const fifo = join(engine.scratchDirectory, "answer")
      await command(["mkfifo", fifo])
      const input = openSync(fifo, "r+")
      onTestFinished(() => closeSync(input))
      const run = engine.docker.runHelper({ ...helper, argv, environment, user: "1000", stdin: { fd: input } }, ctx)
      await waitFor(async () => (await command(["docker", "ps", "-q", "--filter", `label=holdfast.operation=${ctx.operationId}`])) !== "")
      const id = (await labelled(ctx.operationId)).trim()
      const shown =
        (await command(["docker", "inspect", id])) + (await command(["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]))
      writeFileSync(fifo, "go\n")
      expect((await run).stdout).toBe(`started\nvisible ${CANARY} it's\ntwo lines\n`)
      expect(shown).toContain("visible")
      expect(shown).not.toContain(CANARY)
    })

    it("that is cancelled or takes too long is removed", async () => {
      const controller = new AbortController()
      const ctx = engine.ctx({ signal: controller.signal })
      const run = engine.docker.runHelper({ ...helper, argv: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"] }, ctx)
      run.catch(() => undefined)
      await waitFor(async () => (await labelled(ctx.operationId)) !== "")
      controller.abort(new Error("enough"))
      await expect(run).rejects.toThrow("enough")
      expect(await labelled(ctx.operationId)).toBe("")
      const late = engine.ctx()
      await expect(engine.docker.runHelper({ ...helper, argv: ["sleep", "100"], timeoutMs: 500 }, late)).rejects.toMatchObject({
        code: "TOOL_TIMEOUT",
      })
      expect(await labelled(late.operationId)).toBe("")
    })

    it("whose image is not here, or whose program is not in it, is an error of its own", async () => {
      await expect(engine.docker.runHelper({ ...helper, image: "no/such-image", argv: ["true"] }, engine.ctx())).rejects.toMatchObject({
        code: "IMAGE_MISSING",
        message: "cannot create a helper container of no/such-image",
      })
      await expect(engine.docker.runHelper({ ...helper, argv: ["no-such-program"] }, engine.ctx())).rejects.toMatchObject({
        code: "CONTAINER_FAILED",
      })
    })

    it("joins another container's network", async () => {
      const project = await running()
      const id = await idOf(project, "web")
      const inside = await engine.docker.exec(id, ["hostname", "-i"], {}, engine.ctx())
      const result = await engine.docker.runHelper({ ...helper, network: `container:${id}`, argv: ["ip", "-4", "addr"] }, engine.ctx())
      expect(result.stdout).toContain(inside.stdout.trim())
    })

    it("left behind by a killed Holdfast is removed with networks and volumes of the operation, and nothing else", async () => {
      const ctx = engine.ctx()
      const label = `holdfast.operation=${ctx.operationId}`
      const name = `left-${ctx.operationId}`
      await command(["docker", "volume", "create", "--label", label, name])
      await command(["docker", "network", "create", "--label", label, name])
      await command([
        "docker",
        "run",
        "-d",
        "--name",
        name,
        "--label",
        label,
        "--network",
        name,
        "-v",
        `${name}:/d`,
        BUSYBOX,
        "sleep",
        "100",
      ])
      const other = engine.ctx()
      await command(["docker", "volume", "create", "--label", `holdfast.operation=${other.operationId}`, `other-${other.operationId}`])
      expect(await engine.docker.removeLeftovers(ctx.operationId, ctx)).toEqual([`container ${name}`, `network ${name}`, `volume ${name}`])
      expect(await engine.docker.removeLeftovers(ctx.operationId, ctx)).toEqual([])
      expect(await engine.docker.removeLeftovers(other.operationId, other)).toEqual([`volume other-${other.operationId}`])
    })
  })

  describe("volumes", () => {
    it("are found where their data is, by what a container sees", async () => {
      const project = await running()
      const name = `${project.compose.projectName}_data`
      await engine.docker.exec(await idOf(project, "web"), ["sh", "-c", "echo here > /data/file"], {}, engine.ctx())
      const place = await engine.docker.volumePath(name, engine.ctx())
      expect(place?.visible).toBe(true)
      expect(readFileSync(join(place?.hostPath ?? "", "file"), "utf8")).toBe("here\n")
      await engine.docker.stopServices(project.compose.projectName, ["web"], 1, engine.ctx())
      expect((await engine.docker.volumePath(name, engine.ctx()))?.visible).toBe(true)
      expect(await engine.docker.volumePath("no-such-volume", engine.ctx())).toBeNull()
    })

    it("that are a bind in disguise are read where they really are; ones that are mounted on demand are not visible", async () => {
      const directory = join(engine.scratchDirectory, "really-here")
      mkdirSync(directory)
      const names = ["bind", "nfs"].map((kind) => `${kind}-${engine.ctx().operationId}`)
      const [bind = "", nfs = ""] = names
      await command(["docker", "volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", `device=${directory}`, bind])
      await command(["docker", "volume", "create", "--opt", "type=nfs", "--opt", "o=addr=192.0.2.1", "--opt", "device=:/x", nfs])
      onTestFinished(async () => void (await command(["docker", "volume", "rm", bind, nfs])))
      expect(await engine.docker.volumePath(bind, engine.ctx())).toEqual({ hostPath: directory, visible: true })
      expect(await engine.docker.volumePath(nfs, engine.ctx())).toMatchObject({ visible: false })
    })

    it("are created with labels", async () => {
      const name = `made-${engine.ctx().operationId}`
      await engine.docker.createVolume(name, { "com.docker.compose.volume": "data" }, engine.ctx())
      onTestFinished(async () => void (await command(["docker", "volume", "rm", name])))
      expect(await command(["docker", "volume", "inspect", "--format", "{{json .Labels}}", name])).toContain(
        '"com.docker.compose.volume":"data"',
      )
    })
  })

  describe("images", () => {
    const made = async (): Promise<{ tag: string; id: string }> => {
      const tag = `holdfast-test-round/${engine.ctx().operationId}:1.0`
      await command(["docker", "build", "--tag", tag, "-"], {
        input: `FROM ${BUSYBOX}\nLABEL unique=${tag}\n`,
        environment: { DOCKER_BUILDKIT: "0" },
      })
      onTestFinished(async () => void (await command(["sh", "-c", `docker rmi -f ${tag} >/dev/null 2>&1 || true`])))
      return { tag, id: (await command(["docker", "image", "inspect", "--format", "{{.Id}}", tag])).trim() }
    }
    const saved = async (id: string): Promise<string> => {
      const path = join(engine.scratchDirectory, `${id.slice(7, 19)}.tar`)
      const fd = openSync(path, "w")
      await engine.docker.saveImage(id, { fd, path }, engine.ctx())
      closeSync(fd)
      return path
    }

    it("survive being saved, removed and loaded, with the same id and their tag", async () => {
      const { tag, id } = await made()
      const path = await saved(id)
      await command(["docker", "rmi", "-f", tag])
      expect(await engine.docker.imagePresent(tag, engine.ctx())).toBe(false)
      expect(await engine.docker.imagePresent(id, engine.ctx())).toBe(false)
      const fd = openSync(path, "r")
      await engine.docker.loadImage({ fd, path }, id, tag, engine.ctx())
      closeSync(fd)
      expect(await engine.docker.imagePresent(tag, engine.ctx())).toBe(true)
      expect((await command(["docker", "image", "inspect", "--format", "{{.Id}}", tag])).trim()).toBe(id)
    })

    it("can be given another name while they are here", async () => {
      const { tag, id } = await made()
      await command(["docker", "rmi", "-f", `${tag}-kept`]).catch(() => undefined)
      await engine.docker.tagImage(id, `${tag}-kept`, engine.ctx())
      expect(await engine.docker.imagePresent(`${tag}-kept`, engine.ctx())).toBe(true)
      await command(["docker", "rmi", `${tag}-kept`])
      await expect(engine.docker.tagImage("no/such:image", "x:1", engine.ctx())).rejects.toMatchObject({ code: "IMAGE_MISSING" })
    })

    it("that are another one, or cut short, are not taken for it", async () => {
      const { id } = await made()
      const path = await saved(id)
      const another = `sha256:${"0".repeat(64)}`
      const first = openSync(path, "r")
      await expect(engine.docker.loadImage({ fd: first, path }, another, "x:1", engine.ctx())).rejects.toMatchObject({
        code: "FILES_DIFFER",
        message: `the archive does not hold image ${another}`,
      })
      closeSync(first)
      await command(["docker", "rmi", "-f", id])
      truncateSync(path, Math.floor(statSync(path).size / 2))
      const second = openSync(path, "r")
      await expect(engine.docker.loadImage({ fd: second, path }, id, "x:1", engine.ctx())).rejects.toMatchObject({ code: "TOOL_FAILED" })
      closeSync(second)
      await expect(engine.docker.saveImage(another, { fd: 1, path: "" }, engine.ctx())).rejects.toMatchObject({ code: "IMAGE_MISSING" })
    })
  })
})

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error("waited in vain")
    await delay(50)
  }
}
