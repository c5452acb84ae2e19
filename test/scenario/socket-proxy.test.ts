/** An app is run and backed up through `holdfast socket-proxy`, with the switches that guides for such proxies name. */
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { backupOutput, restoreOutput } from "../../src/contract/output.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type StartedCli } from "./cli.ts"

const GUIDE = { CONTAINERS: "1", IMAGES: "1", NETWORKS: "1", POST: "1", EXEC: "0", VOLUMES: "0", SYSTEM: "0", BUILD: "0" }

const composeText = (project: string): string => `
name: ${project}
services:
  web:
    image: holdfast-test/busybox
    init: true
    restart: always
    command: [sleep, "100000"]
    environment: { TOKEN: canary-proxy-5520 }
    read_only: true
    tmpfs: [/tmp]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    volumes: ["data:/data", "./config:/config:ro"]
    networks: [front, default]
    secrets: [password]
    depends_on: [db]
  db: { image: holdfast-test/busybox, init: true, command: [sleep, "100000"], volumes: ["data:/data"], healthcheck: { test: ["CMD", "true"], interval: 200ms } }
volumes: { data: {} }
networks: { front: { internal: true } }
secrets: { password: { file: ./password } }
`

interface Proxied {
  readonly host: string
  readonly proxy: StartedCli
}

describeNeeding("restic", "docker")("an app behind the socket proxy", () => {
  useDocker(["holdfast-test/busybox"])
  let directory = ""
  let project = ""
  let sockets = 0

  beforeAll(async () => {
    directory = await newDirectory("proxied")
    project = `proxied${directory.slice(-6).toLowerCase()}`
    await mkdir(join(directory, "app/config"), { recursive: true })
    await writeFile(join(directory, "app/password"), "secret")
    await writeFile(join(directory, "app/config/one.txt"), "one")
    await writeFile(join(directory, "app/compose.yml"), composeText(project))
    const app = { compose: "./app/compose.yml", files: { data: { volume: "data" }, config: { path: "./app/config" } }, images: "never" }
    await writeFile(join(directory, "holdfast.yaml"), JSON.stringify({ vaults: { local: { path: "./vault" } }, apps: { [project]: app } }))
  })

  afterAll(async () => {
    await compose(process.env["DOCKER_HOST"] ?? "", "down", "--volumes", "--timeout", "0")
    await removeTree(directory)
  })

  const compose = async (host: string, ...args: readonly string[]) =>
    await tryCommand(["docker-compose", "--ansi", "never", "--file", join(directory, "app/compose.yml"), ...args], {
      environment: { DOCKER_HOST: host },
    })
  const succeeds = async (host: string, ...args: readonly string[]): Promise<string> => {
    const ended = await compose(host, ...args)
    expect(ended, `docker compose ${args.join(" ")}`).toMatchObject({ exitCode: 0 })
    return ended.stdout
  }
  const startProxy = async (environment: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<Proxied> => {
    const path = join(directory, `${(sockets += 1)}.sock`)
    const engine = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace("unix://", "")
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "proxy-state"), environment })
    const words = [
      "socket-proxy",
      "--listen",
      path,
      "--socket",
      engine,
      "--project",
      project,
      "--allow-path",
      join(directory, "app"),
      ...more,
    ]
    const proxy = cli.start(...words)
    onTestFinished(async () => {
      proxy.kill("SIGTERM")
      await proxy.done
    })
    await waitFor(() => Promise.resolve(proxy.said().includes(`unix://${path} serves ${project}`)))
    return { host: `unix://${path}`, proxy }
  }

  it("is brought up, recreated, stopped and removed by Compose without exec", async () => {
    const { host, proxy } = await startProxy({ EXEC: "0" })
    await succeeds(host, "config", "--quiet")
    await succeeds(host, "up", "--detach")
    expect((await succeeds(host, "ps", "--services")).trim().split("\n").toSorted()).toEqual(["db", "web"])
    await succeeds(host, "up", "--detach", "--force-recreate", "--timeout", "0", "web")
    await succeeds(host, "logs", "--tail", "5")
    await succeeds(host, "restart", "--timeout", "0", "db")
    expect((await compose(host, "exec", "-T", "web", "id")).exitCode).not.toBe(0)
    await succeeds(host, "down", "--volumes", "--timeout", "0")
    expect(proxy.said()).toMatch(/refused "POST \/v1\.\d+\/containers\/[0-9a-f]{64}\/exec" \(403\): container exec is not allowed/)
    expect(await command(["docker", "ps", "--all", "--quiet", "--filter", `label=com.docker.compose.project=${project}`])).toBe("")
  })

  it("that is there already is recreated with the guide's switches, which leave its volumes to be looked at", async () => {
    await succeeds(process.env["DOCKER_HOST"] ?? "", "up", "--detach")
    const { host, proxy } = await startProxy(GUIDE)
    await succeeds(host, "up", "--detach", "--force-recreate", "--timeout", "0")
    expect(proxy.said()).not.toContain("refused")
    expect((await compose(host, "down", "--volumes", "--timeout", "0")).stderr).toContain("VOLUMES=0")
    expect(await command(["docker", "volume", "ls", "--quiet", "--filter", `name=${project}_data`])).toContain(`${project}_data`)
    await succeeds(host, "up", "--detach")
  })

  it("is backed up and restored by Holdfast through the proxy, without exec", async () => {
    await succeeds(process.env["DOCKER_HOST"] ?? "", "up", "--detach")
    const { host, proxy } = await startProxy(GUIDE)
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment: { DOCKER_HOST: host } })
    const { point } = await cli.json(backupOutput, ["backup", project, "--cold"])
    expect(point).not.toBeNull()
    await writeFile(join(directory, "app/config/one.txt"), "changed")
    await cli.json(restoreOutput, ["restore", project, point?.id ?? "none", "--yes"])
    const { stdout } = await tryCommand(["cat", join(directory, "app/config/one.txt")])
    expect(stdout).toBe("one")
    expect(proxy.said()).not.toContain("refused")
  })

  it("tells how many requests it refused when it is stopped", async () => {
    const { host, proxy } = await startProxy({})
    await tryCommand(["docker", "--host", host, "system", "df"])
    proxy.kill("SIGTERM")
    expect(await proxy.done).toMatchObject({ exitCode: 0, stdout: "1 request was refused\n" })
    expect(proxy.said()).toContain("is not let through")
  })

  it("is not served by a proxy that would let everybody in, or take away by a typing error", async () => {
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "proxy-state"), environment: { EXEC: "off" } })
    const engine = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace("unix://", "")
    expect(await cli.error("socket-proxy", "--listen", "0.0.0.0:2375", "--socket", engine)).toMatchObject({ code: "LISTEN_REFUSED" })
    expect(await cli.error("socket-proxy", "--listen", "127.0.0.1:0", "--socket", engine)).toMatchObject({
      code: "USAGE",
      what: 'the switch EXEC is "off"',
    })
    expect(await cli.error("socket-proxy", "--listen", "127.0.0.1:0", "--socket", directory)).toMatchObject({ code: "ENGINE_UNREACHABLE" })
    expect(await cli.error("socket-proxy", "--listen", "127.0.0.1:0", "--socket", engine, "--allow-path", "/")).toMatchObject({
      code: "USAGE",
    })
  })
})
