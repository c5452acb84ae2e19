/** Apps are backed up, drilled, updated and taken back through `holdfast socket-proxy`: with SQLite and exec switched off, with PostgreSQL and exec. */
import { createHash } from "node:crypto"
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { z } from "zod"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { rollbackOutput, updateOutput } from "../../src/contract/output-update.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { describeNeeding } from "../fixture/needs.ts"
import type { Engine } from "../fixture/versioned-app/project.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { cliIn, type Cli, type StartedCli } from "./cli.ts"
import { storySteps } from "./story.ts"
import { APP, stateOfShop, updateWorld, type UpdateWorld } from "./update-world.ts"

const settingsFile = z.looseObject({ apps: z.record(z.string(), z.looseObject({})) })

interface Behind {
  readonly engine: Engine
  /** What the proxy lets through besides what every update needs. */
  readonly words: (world: UpdateWorld) => readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** What stands in the app's settings besides what it has anyway. */
  readonly settings: Readonly<Record<string, unknown>>
}

const ways: readonly Behind[] = [
  { engine: "sqlite", words: () => [], environment: { EXEC: "0" }, settings: {} },
  {
    engine: "postgres",
    // A throwaway server runs from the database's own image, a dump is made inside its container, and Compose binds the password's file.
    words: ({ project }) => {
      const password = join(project.directory, "secrets/db_password")
      return ["--allow", "exec", "--repository", "holdfast-test/postgres", "--allow-path", password]
    },
    environment: {},
    // Built here, served by no registry: its image would have to be saved, which is not let through.
    settings: { images: "never" },
  },
]

const needs = describeNeeding("docker", "root", "restic", "registry")

for (const behind of ways) needs(`an update of an app with ${behind.engine} behind the socket proxy`, () => updateBehind(behind))

function updateBehind(behind: Behind): void {
  useDocker(updateImages)
  const step = storySteps()
  let world: UpdateWorld
  let proxy: StartedCli
  let cli: Cli

  beforeAll(async () => {
    world = await updateWorld({ engine: behind.engine })
    await addSettings(world, behind.settings)
    await makeHelperImage(world.directory)
    const { stateDirectory, cwd } = world.cli.place
    const scratch = join(stateDirectory, "scratch")
    await mkdir(scratch, { recursive: true, mode: 0o700 })
    const socket = join(world.directory, "docker.sock")
    const engine = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace("unix://", "")
    const repositories = [world.vendor.images.repository, "holdfast-kept", "holdfast-pulled", "holdfast-helper"]
    const words = [
      "--listen",
      socket,
      "--socket",
      engine,
      "--project",
      world.project.name,
      "--allow",
      "attach",
      "--allow-path",
      scratch,
      ...behind.words(world),
    ]
    const own = cliIn({ cwd, stateDirectory: join(world.directory, "proxy"), environment: behind.environment })
    proxy = own.start("socket-proxy", ...words, ...repositories.flatMap((name) => ["--repository", name]))
    await waitFor(() => Promise.resolve(proxy.said().includes(`serves ${world.project.name}`)))
    cli = cliIn({ cwd, stateDirectory, environment: { DOCKER_HOST: `unix://${socket}` } })
  })

  afterAll(async () => {
    proxy?.kill("SIGTERM")
    await proxy?.done
    await world?.dispose()
  })

  step("stands on a point that was taken and drilled through it", async () => {
    await cli.json(backupOutput, ["backup"])
    expect(await cli.json(drillOutput, ["drill", "--level", "restored"])).toMatchObject({ passed: true })
    expect(proxy.said()).not.toContain("refused")
  })

  step("is rehearsed, applied and taken back, and the proxy refuses nothing of it", async () => {
    await world.project.waitQuiet()
    const before = await stateOfShop(world.project)
    await world.vendor.publish("1.1.0")

    const { applied } = await cli.json(updateOutput, ["update", "apply", APP, "--yes"])

    expect(applied).toMatchObject([{ outcome: "applied", to: "1.1.0", unrehearsed: null }])
    expect((await world.project.health())?.body.version).toBe("1.1.0")
    expect(proxy.said()).not.toContain("refused")
    await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])
    await world.project.waitQuiet()
    expect(await stateOfShop(world.project)).toEqual(before)
    expect(proxy.said()).not.toContain("refused")
  })
}

async function addSettings(world: UpdateWorld, more: Behind["settings"]): Promise<void> {
  const file = join(world.project.directory, "holdfast.yaml")
  const settings = settingsFile.parse(JSON.parse(await readFile(file, "utf8")))
  await writeFile(file, JSON.stringify({ ...settings, apps: { [APP]: { ...settings.apps[APP], ...more } } }, null, 2))
}

/** As the first drill that boots an app makes it at the engine itself: nothing can be imported through the proxy. */
async function makeHelperImage(directory: string): Promise<void> {
  const tag = `holdfast-helper:${createHash("sha256")
    .update(await readFile("/bin/busybox"))
    .digest("hex")
    .slice(0, 12)}`
  const root = join(directory, "helper")
  await mkdir(join(root, "bin"), { recursive: true })
  await copyFile("/bin/busybox", join(root, "bin/busybox"))
  await command(["sh", "-c", `tar -C ${root} -cf - bin | docker import --change "ENV PATH=/bin" - ${tag}`])
}
