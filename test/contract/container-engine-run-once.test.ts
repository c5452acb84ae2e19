/** A command of its own beside a live service: with what the project says of the service, and gone afterwards whatever happens. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { CANARY, tinyProject, twoServices, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"

describeNeeding("docker")("a command that is run once beside a service", () => {
  useDocker(["holdfast-test/busybox"])
  let directory = ""
  let engine: EngineUnderTest
  let project: TinyProject

  beforeAll(async () => {
    directory = await newDirectory("run-once")
    engine = engineUnderTest()
    const job = `  job:\n    image: holdfast-test/busybox\n    command: ["sh", "-c", "echo from-job; exit 4"]\n`
    project = tinyProject(directory, twoServices.replace("volumes:\n  data:\n", `${job}volumes:\n  data:\n`))
    await project.up()
  })

  afterAll(async () => {
    await project.remove()
    engine.remove()
    await removeTree(directory)
  })

  async function left(operationId: string): Promise<string> {
    return (await command(["docker", "ps", "--all", "--quiet", "--filter", `label=holdfast.operation=${operationId}`])).trim()
  }

  it("has the service's environment, volumes and image; its exit code is a value; the service goes on", async () => {
    const ctx = engine.ctx()
    const before = await engine.docker.services(project.compose.projectName, ctx)
    const argv = ["sh", "-c", 'echo "$TOKEN $1"; echo problem >&2; : > /data/made; exit 3', "sh", "two  words"] as [string, ...string[]]

    const ended = await engine.docker.runOnce?.(project.compose, "web", argv, { timeoutMs: 60_000 }, ctx)

    expect(ended?.exitCode).toBe(3)
    expect(ended?.stdout).toContain(`${CANARY} two  words`)
    expect(ended?.stderrTail).toContain("problem")
    const after = await engine.docker.services(project.compose.projectName, ctx)
    expect(after.map(({ containerId, state }) => [containerId, state])).toEqual(
      before.map(({ containerId, state }) => [containerId, state]),
    )
    const seen = await engine.docker.exec(before.find(({ service }) => service === "web")?.containerId ?? "", ["ls", "/data"], {}, ctx)
    expect(seen.stdout).toContain("made")
    expect(await left(ctx.operationId)).toBe("")
  })

  it("is what the project says where no command is given", async () => {
    const ctx = engine.ctx()

    const ended = await engine.docker.runOnce?.(project.compose, "job", null, { timeoutMs: 60_000 }, ctx)

    expect(ended).toMatchObject({ exitCode: 4 })
    expect(ended?.stdout).toContain("from-job")
    expect(await left(ctx.operationId)).toBe("")
  })

  it("is ended and removed when it takes too long, and says so", async () => {
    const ctx = engine.ctx()

    const run = engine.docker.runOnce?.(project.compose, "web", ["sleep", "100000"], { timeoutMs: 6000 }, ctx)

    await expect(run).rejects.toMatchObject({ code: "TOOL_TIMEOUT" })
    expect(await left(ctx.operationId)).toBe("")
  })
})
