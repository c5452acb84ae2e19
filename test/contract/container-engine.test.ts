import { readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { Secret } from "../../src/base/secret.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { CANARY, tinyProject, twoServices, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"

const BUSYBOX = "holdfast-test/busybox"

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
        why: containing("nonsense"),
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
        { service: "db", restartPolicy: "on-failure:3", wasRunning: true },
        { service: "web", restartPolicy: "always", wasRunning: true },
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
      expect(result).toMatchObject({ exitCode: 7, stderrTail: containing("bad") })
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
})

function containing(text: string): unknown {
  return expect.stringContaining(text)
}
