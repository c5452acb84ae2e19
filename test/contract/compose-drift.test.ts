import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { lookForDrift } from "../../src/app/compose/drift.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { tinyProject, twoServices, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"

const OF_WEB = "The container of web was made from another configuration than the compose files say now."

describe("drift of a project that runs", () => {
  useDocker(["holdfast-test/busybox"])
  let engine: EngineUnderTest
  beforeAll(() => {
    engine = engineUnderTest()
  })
  afterAll(() => engine.remove())

  const running = async (others: Readonly<Record<string, string>> = {}, text = twoServices): Promise<TinyProject> => {
    const project = tinyProject(engine.scratchDirectory, text, others)
    onTestFinished(project.remove)
    await project.up()
    return project
  }
  const drift = async ({ compose }: TinyProject): Promise<readonly string[]> => await lookForDrift(engine.docker, compose, engine.ctx())
  const edit = ({ compose }: TinyProject, name: string, change: (text: string) => string): void => {
    const path = join(compose.projectDirectory, name)
    writeFileSync(path, change(readFileSync(path, "utf8")))
  }

  it("is none after compose brought it up, nor after it was stopped, started and its restart policy changed", async () => {
    const project = await running()
    expect(await drift(project)).toEqual([])
    const [hashes, states] = [
      await engine.docker.configHashes?.(project.compose, engine.ctx()),
      await engine.docker.services(project.compose.projectName, engine.ctx()),
    ]
    for (const { service, labels } of states) expect(hashes?.byService[service]?.[0]).toBe(labels["com.docker.compose.config-hash"])

    const stopped = await engine.docker.stopServices(project.compose.projectName, ["web"], 1, engine.ctx())
    expect(await drift(project)).toEqual([])
    await engine.docker.startServices(stopped, engine.ctx())

    expect(await drift(project)).toEqual([])
  })

  it("is told when a file, an override or .env was changed and nobody brought it up, and is gone when somebody did", async () => {
    const text = twoServices.replace("TOKEN:", 'GREETING: "${GREETING}", TOKEN:')
    const project = await running({ ".env": "GREETING=hello\n", "compose.override.yml": "services: {}\n" }, text)
    expect(await drift(project)).toEqual([])

    edit(project, ".env", () => "GREETING=bye\n")
    expect(await drift(project)).toEqual([OF_WEB])
    await engine.docker.up(project.compose, null, { noDeps: false }, engine.ctx())
    expect(await drift(project)).toEqual([])

    edit(project, "compose.override.yml", () => "services: { web: { labels: { a: b } } }\n")
    expect(await drift(project)).toEqual([OF_WEB])
  })

  it("is none either where a service was brought up without what it depends on, and is still told of that service", async () => {
    const text = twoServices.replace("TOKEN:", 'GREETING: "${GREETING}", TOKEN:').replace("  web:", "  web:\n    depends_on: [db]")
    const project = await running({ ".env": "GREETING=hello\n" }, text)
    expect(await drift(project)).toEqual([])
    edit(project, ".env", () => "GREETING=bye\n")
    await engine.docker.up(project.compose, ["web"], { noDeps: true }, engine.ctx())
    expect(await drift(project)).toEqual([])

    edit(project, ".env", () => "GREETING=welcome\n")
    expect(await drift(project)).toEqual([OF_WEB])
  })

  it("is none where a service was brought up with some of what it depends on alone", async () => {
    const service = (more: string): string => `{ image: holdfast-test/busybox, init: true, command: [sleep, "100"], ${more} }`
    const text = `services: { web: ${service("env_file: web.env, depends_on: [cache, db]")}, cache: ${service("")}, db: ${service("")} }`
    const project = await running({ "web.env": "A=1\n" }, text)

    edit(project, "web.env", () => "A=2\n")
    await engine.docker.up(project.compose, ["cache", "web"], { noDeps: true }, engine.ctx())
    expect(await drift(project)).toEqual([])
  })

  it("is none where services read env files, share what another has, or run several times, and is told when an env file changed", async () => {
    const service = (more: string): string => `{ image: holdfast-test/busybox, init: true, command: [sleep, "100"], ${more} }`
    const text = `
services:
  web: ${service("env_file: web.env, ipc: shareable, volumes: [data:/data]")}
  side: ${service('network_mode: "service:web", pid: "service:web", ipc: "service:web"')}
  heir: ${service('volumes_from: ["web:ro"]')}
  worker: ${service("env_file: [web.env], depends_on: [web], deploy: { replicas: 2 }")}
volumes: { data: }
`
    const project = await running({ "web.env": "GREETING=hello\nPRICE=5$$\n" }, text)
    expect(await drift(project)).toEqual([])

    edit(project, "web.env", () => "GREETING=bye\n")
    expect(await drift(project)).toEqual([OF_WEB, OF_WEB.replace("web", "worker")])
    await engine.docker.up(project.compose, null, { noDeps: false }, engine.ctx())
    expect(await drift(project)).toEqual([])
  })

  it("names images, services without a container, and containers that nothing declares", async () => {
    const project = await running()
    await command(["docker", "tag", "holdfast-test/busybox", "holdfast-test/busybox:other"])
    onTestFinished(async () => {
      await command(["docker", "rmi", "holdfast-test/busybox:other"])
    })

    edit(project, "compose.yml", (text) =>
      text.replace("image: holdfast-test/busybox", "image: holdfast-test/busybox:other").replace("\n  db:", "\n  cache:"),
    )

    expect(await drift(project)).toEqual([
      "The service cache is declared, and has no container.",
      "The service db has a container, and no compose file declares it.",
      "The container of web was made from holdfast-test/busybox; the compose files say holdfast-test/busybox:other.",
    ])
  })
})
