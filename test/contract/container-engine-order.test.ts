/** Services are stopped and started in the order that compose keeps, each with the time that its compose file allows. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { tinyProject, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"

const BUSYBOX = "holdfast-test/busybox"

/** Says when it starts, when it is told to stop and when it stops: once another line is there, or after a while. `cache` is well after a moment. */
const TALK = `
name=$1 waits_for=$2 tenths=$3
echo "$name starts" >> /log/lines
[ "$name" != cache ] || { rm -f /log/well; (sleep 0.5; echo "cache is well" >> /log/lines; touch /log/well) & }
stop() {
  echo "$name is told" >> /log/lines
  [ -z "$waits_for" ] || for turn in $(seq "$tenths"); do grep -q "^$waits_for" /log/lines && break; sleep 0.1; done
  echo "$name stops" >> /log/lines
  exit 0
}
trap stop TERM
while :; do sleep 0.05; done
`

interface Talking extends TinyProject {
  lines(): readonly string[]
  forget(): void
}

function talking(name: string, more: string, waitsFor = "", tenths = 100): string {
  const argv = JSON.stringify(["sh", "/talk/talk.sh", name, waitsFor, String(tenths)])
  return `  ${name}: { image: ${BUSYBOX}, command: ${argv}, volumes: ["./log:/log", "./talk:/talk"], ${more} }`
}

describe("services of one app", () => {
  useDocker([BUSYBOX])
  let engine: EngineUnderTest
  beforeAll(() => {
    engine = engineUnderTest()
  })
  afterAll(() => engine.remove())

  async function running(...services: readonly string[]): Promise<Talking> {
    const project = tinyProject(engine.scratchDirectory, `services:\n${services.join("\n")}\n`)
    onTestFinished(project.remove)
    const at = (path: string): string => join(project.compose.projectDirectory, path)
    for (const directory of ["log", "talk"]) mkdirSync(at(directory))
    writeFileSync(at("talk/talk.sh"), TALK)
    const lines = (): readonly string[] => readFileSync(at("log/lines"), "utf8").trim().split("\n")
    const forget = (): void => writeFileSync(at("log/lines"), "")
    await project.up()
    await expect.poll(() => lines().filter((line) => line.endsWith(" starts")).length, { timeout: 20_000 }).toBe(services.length)
    return { ...project, lines, forget }
  }

  it("stop before what they depend on, and start when that is well", async () => {
    const health = "healthcheck: { test: [CMD, test, -e, /log/well], interval: 200ms, retries: 50 }"
    const project = await running(talking("api", "depends_on: { cache: { condition: service_healthy } }"), talking("cache", health))
    project.forget()

    const stopped = await engine.docker.stopServices(project.compose.projectName, ["cache", "api"], 5, engine.ctx())
    expect(project.lines()).toEqual(["api is told", "api stops", "cache is told", "cache stops"])

    project.forget()
    await engine.docker.startServices(stopped, engine.ctx())
    await expect.poll(project.lines, { timeout: 5000 }).toEqual(["cache starts", "cache is well", "api starts"])
  })

  it("start after the one whose network they live in", async () => {
    const project = await running(talking("api", `network_mode: "service:vpn"`), talking("vpn", "restart: unless-stopped"))
    const { projectName } = project.compose

    const stopped = await engine.docker.stopServices(projectName, ["api", "vpn"], 5, engine.ctx())
    await engine.docker.startServices(stopped, engine.ctx())

    const services = await engine.docker.services(projectName, engine.ctx())
    expect(services.map(({ service, state }) => `${service} ${state}`)).toEqual(["api running", "vpn running"])
  })

  it("stop side by side when none needs the other", async () => {
    const project = await running(talking("left", "init: false", "right is told"), talking("right", "init: false", "left is told"))
    project.forget()

    await engine.docker.stopServices(project.compose.projectName, ["left", "right"], 5, engine.ctx())

    expect(project.lines().toSorted()).toEqual(["left is told", "left stops", "right is told", "right stops"])
  })

  it("have as long to stop as their compose file allows, where that is longer than what is asked for", async () => {
    const project = await running(talking("slow", "stop_grace_period: 30s", "nothing", 25), talking("lost", "init: false", "nothing"))
    project.forget()

    await engine.docker.stopServices(project.compose.projectName, ["slow", "lost"], 1, engine.ctx())

    expect(project.lines().toSorted()).toEqual(["lost is told", "slow is told", "slow stops"])
    expect(engine.notes).toContain("service lost did not stop within 1 s and was killed")
    expect(engine.notes.filter((note) => note.includes("slow"))).toEqual([])
  })
})
