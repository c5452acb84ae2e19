/** An app of which no updater is known is pinned to the images that run, and its settings follow their registry. */
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { catalog } from "../../src/base/error-catalog.ts"
import { adoptOutput, adoptPlanOutput, adoptUndoOutput } from "../../src/contract/output-adopt.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { pushImage } from "../fixture/registry/push.ts"
import { registryServer, type RegistryServer } from "../fixture/registry/server.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"
import { storySteps } from "./story.ts"

const composeText = (project: string, image: string): string => `name: ${project}
services:
  web:
    image: "${image}:1.2.0"   # as the vendor told
    init: true
    command: [sleep, "100000"]
    volumes: ["./data:/data"]
  # made here
  tool: { build: ., image: ${project}-tool, init: true, command: [sleep, "100000"], network_mode: "service:web" }
`

const settingsText = (project: string): string => `# ours
vaults:
  local: { path: ./vault }   # near
apps:
  ${project}:
    compose: ./app/compose.yml
    files:
      data: { path: ./app/data }   # all there is
    images: never
`

describeNeeding(
  "restic",
  "docker",
  "registry",
)("an app of which no updater is known", () => {
  useDocker(["holdfast-test/busybox"])
  const step = storySteps()
  let directory = ""
  let project = ""
  let registry: RegistryServer
  let cli: Cli
  let image = ""
  let digest = ""
  let files: readonly string[] = []
  let foldersBefore: readonly (readonly string[])[] = []

  const compose = async (...words: readonly string[]): Promise<string> =>
    await command(["docker-compose", "--ansi", "never", "--file", join(directory, "app/compose.yml"), ...words], {
      environment: { DOCKER_BUILDKIT: "0" },
    })
  const texts = async (): Promise<readonly string[]> => await Promise.all(files.map(async (file) => await readFile(file, "utf8")))

  /** A container goes on without the one whose network it was given, and reaches nobody. */
  async function expectToolInNetworkOfWeb(): Promise<void> {
    const [web, tool] = await Promise.all(["web", "tool"].map(async (service) => (await compose("ps", "--quiet", service)).trim()))
    const mode = await command(["docker", "inspect", "--format", "{{.HostConfig.NetworkMode}}", tool ?? ""])
    expect(mode.trim()).toBe(`container:${web ?? ""}`)
  }

  /** What lies beside the edited files, but for Holdfast's own vault and state. */
  const folders = async (): Promise<readonly (readonly string[])[]> => {
    const all = await Promise.all([directory, join(directory, "app")].map(async (path) => (await readdir(path)).toSorted()))
    return all.map((names) => names.filter((name) => name !== "vault" && name !== "state"))
  }

  beforeAll(async () => {
    directory = await newDirectory("adopt-pins")
    project = `pins${directory.slice(-6).toLowerCase()}`
    for (const name of ["app/data", "registry"]) await mkdir(join(directory, name), { recursive: true })
    registry = await registryServer({ directory: join(directory, "registry") })
    await registry.start()
    image = `${registry.name}/acme/web`
    await command(["docker", "tag", "holdfast-test/busybox", `${image}:1.2.0`])
    digest = await pushImage(`${image}:1.2.0`)
    await writeFile(join(directory, "app/Dockerfile"), "FROM holdfast-test/busybox\n")
    await writeFile(join(directory, "app/data/one.txt"), "one")
    await writeFile(join(directory, "app/compose.yml"), composeText(project, image))
    await writeFile(join(directory, "holdfast.yaml"), settingsText(project))
    files = [join(directory, "app/compose.yml"), join(directory, "holdfast.yaml")]
    cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state") })
    await compose("up", "--detach", "--build")
    foldersBefore = await folders()
  })

  afterAll(async () => {
    await compose("down", "--volumes", "--timeout", "0", "--rmi", "local")
    await tryCommand(["docker", "image", "rm", "--force", `${image}:1.2.0`])
    await registry.stop()
    await removeTree(directory)
  })

  step("is shown which of its images are pinned, and why the others are not", async () => {
    const plan = await cli.json(adoptPlanOutput, ["adopt", "--plan"])

    expect(plan).toMatchObject({
      target: "pins",
      running: "1.2.0",
      images: { web: { repository: image, tag: "1.2.0", digest } },
      beside: [],
    })
    expect(plan.warnings).toEqual(["tool is left as it is: it is built here"])
    expect(plan.edits.map(({ diff }) => diff)).toEqual([
      expect.stringContaining(`+    image: "${image}:1.2.0@${digest}"   # as the vendor told\n`),
      expect.stringContaining("+    updates: { source: registry, services: [web], repositories: ["),
    ])
  })

  step("is told the same in words, with the edited files as a difference", async () => {
    const { stdout } = await cli.run("adopt", "--plan")

    expect(stdout).toContain(`pin the images of ${project} to what runs (1.2.0)`)
    expect(stdout).toMatch(/as expected +service web +.*web-1 \(running\)/)
    expect(stdout).toContain(`--- ${files[0] ?? ""}\n+++ ${files[0] ?? ""}\n@@ -4 +4 @@\n`)
    expect(stdout).toContain("note: tool is left as it is: it is built here\n")
  })

  step("cannot be given another release by this", async () => {
    expect(await cli.error("adopt", "--release", "2.0.0", "--yes")).toMatchObject({
      code: "USAGE",
      what: "--release is for apps whose recipe knows an updater",
    })
    expect(await cli.error("adopt", "--undo", "--release", "2.0.0", "--yes")).toMatchObject({
      code: "USAGE",
      what: "--undo puts back what was there before; it takes no --release",
    })
  })

  step("does not lose a line that somebody writes into the compose file while it is adopted", async () => {
    const adopting = cli.start("adopt", "--yes")
    await expect.poll(() => adopting.said(), { timeout: 60_000 }).toContain("read the point back")
    await appendFile(files[0] ?? "", "# a line of somebody's\n")

    const { exitCode, stderr } = await adopting.done

    expect([exitCode, stderr]).toEqual([catalog.PLAN_STALE.exitCode, expect.stringContaining("compose.yml was edited meanwhile")])
    expect(await texts()).toEqual([`${composeText(project, image)}# a line of somebody's\n`, settingsText(project)])
    expect(await folders()).toEqual(foldersBefore)
    expect((await compose("ps", "--services", "--status", "running")).trim().split("\n").toSorted()).toEqual(["tool", "web"])
    await writeFile(files[0] ?? "", composeText(project, image))
  })

  step("runs on from the pinned file, every comment kept, and goes back byte for byte", async () => {
    const before = await texts()

    await cli.json(adoptOutput, ["adopt", "--yes"])

    const [composed = "", settings = ""] = await texts()
    expect(composed).toBe(composeText(project, image).replace(`:1.2.0"`, `:1.2.0@${digest}"`))
    for (const line of settingsText(project).trimEnd().split("\n")) expect(settings.split("\n")).toContain(line)
    expect((await compose("ps", "--services", "--status", "running")).trim().split("\n").toSorted()).toEqual(["tool", "web"])
    await expectToolInNetworkOfWeb()
    expect(await cli.error("adopt", "--yes")).toMatchObject({
      code: "ADOPT_NOTHING",
      why: expect.stringContaining("web: it is pinned already"),
    })

    await writeFile(files[1] ?? "", `${settings}# a line of later\n`)
    const undone = await cli.json(adoptUndoOutput, ["adopt", "--undo", "--yes"])

    expect(undone.warnings).toEqual([`${files[1] ?? ""} was changed after the adoption; only what the adoption put in goes`])
    expect(await texts()).toEqual([before[0], `${before[1] ?? ""}# a line of later\n`])
    expect(await folders()).toEqual(foldersBefore)
    expect((await compose("ps", "--services", "--status", "running")).trim().split("\n").toSorted()).toEqual(["tool", "web"])
    await expectToolInNetworkOfWeb()
  })
})
