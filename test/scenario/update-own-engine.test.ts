/** Updates on an engine that others use as well: somebody clears images away, brings the project up by hand, moves the database's image, uses a device. */
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { rollbackOutput, updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import type { InstallableRelease } from "../../src/release/installable.ts"
import { plainPlan, planUpdate } from "../../src/update/plan/plan.ts"
import { applyUpdate } from "../../src/update/update.ts"
import { command } from "../fixture/docker/command.ts"
import { privateDaemon, type PrivateDaemon } from "../fixture/docker/private-dockerd.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { makeAppProject, type AppProject } from "../fixture/versioned-app/project.ts"
import { fileOf } from "./update-checks.ts"
import { cliIn, describeRun, type Cli } from "./cli.ts"
import { APP, shopSettings } from "./shop-settings.ts"
import { storySteps } from "./story.ts"
import { inProcess, type InProcess } from "./update-in-process.ts"
import { stateOfShop, untilStepBegun } from "./update-world.ts"
import { startVendor, type Vendor } from "./vendor.ts"

const REASON = "no sandbox has its device"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update on an engine that others use", () => {
  useDocker(updateImages)
  const step = storySteps()
  let directory = ""
  let daemon: PrivateDaemon
  let vendor: Vendor
  let project: AppProject
  let cli: Cli
  let direct: InProcess

  beforeAll(async () => {
    daemon = await privateDaemon(updateImages, { bridge: true })
    directory = await newDirectory("update-engine")
    const place = { host: daemon.host, networkFile: daemon.networkFile ?? "" }
    vendor = await startVendor(directory, place)
    project = await makeAppProject(join(directory, "app"), {
      engine: "postgres",
      registry: vendor.registry.name,
      host: { address: daemon.host, networkFile: daemon.networkFile ?? "" },
    })
    await pushDatabase("15.0", "FROM holdfast-test/postgres:15\n")
    const compose = (await fileOf(project, "compose.yml")).replace('"holdfast-test/postgres:15"', databaseImage("15.0"))
    await writeFile(join(project.directory, "compose.yml"), compose)
    const stateDirectory = join(directory, "state")
    await mkdir(stateDirectory)
    const rules = { stability: "2s", timeout: "30s", rollbackWindow: "1h" }
    const settings = shopSettings(directory, project, vendor, rules, { healthInside: true })
    await writeFile(join(directory, "holdfast.yaml"), JSON.stringify(settings))
    cli = cliIn({ cwd: directory, stateDirectory, environment: { DOCKER_HOST: daemon.host } })
    await vendor.publish("1.0.0")
    await project.up()
    for (let number = 1; number <= 12; number += 1) await project.addEntry("before", number)
    await project.waitQuiet()
    await cli.json(backupOutput, ["backup"])
    await cli.json(drillOutput, ["drill", "--level", "restored"])
    direct = await inProcess(cli.place, APP, daemon.host)
  })

  afterAll(async () => {
    await direct?.close()
    await vendor?.dispose()
    await daemon?.remove()
    await removeTree(directory)
  })

  const databaseImage = (tag: string): string => `${vendor.registry.name}/shop/db:${tag}`

  /** Resolves to its digest in the registry. */
  async function pushDatabase(tag: string, dockerfile: string): Promise<string> {
    const build = ["docker", "--host", daemon.host, "build", "--quiet", "--tag", databaseImage(tag), "-"]
    await command(build, { input: dockerfile, environment: { DOCKER_BUILDKIT: "0" } })
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await project.docker("push", databaseImage(tag)))?.[1]
    await project.docker("image", "rm", databaseImage(tag))
    return digest ?? ""
  }

  const containers = async (): Promise<readonly string[]> =>
    (await project.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", `label=com.docker.compose.project=${project.name}`))
      .split("\n")
      .toSorted()

  async function expectNothingToDoByHand(): Promise<void> {
    const before = await containers()
    await project.cli("up", "--detach")
    expect(await containers()).toEqual(before)
  }

  const pulledNames = async (): Promise<string> =>
    await project.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "holdfast-pulled")

  /** A release that moves the database's image, and those of the app where a version is named. */
  async function planGiven(databaseDigest: string, version: string, app: InstallableRelease["images"] = {}) {
    const repository = `${vendor.registry.name}/shop/db`
    const to: InstallableRelease = {
      version,
      foundIn: "given",
      images: { ...app, postgres: { repository, digest: databaseDigest, tag: "15.1" } },
      preFlight: null,
      migrate: null,
      schemaVersion: null,
      notes: "",
      signed: null,
    }
    const options = { ...plainPlan, unrehearsed: REASON }
    return await planUpdate(direct.tools, { app: direct.app, declared: direct.declared }, direct.vault, to, options, direct.ctx)
  }

  const applyGiven = async (plan: Awaited<ReturnType<typeof planGiven>>) =>
    await applyUpdate(direct.tools, { app: direct.app, declared: direct.declared }, direct.vault, plan, "test", direct.base())

  step("keeps the images that it pulled while somebody clears away what has no name", async () => {
    await vendor.publish("1.1.0")
    const run = cli.start("update", "apply", APP, "--yes", "--json")
    for (const begun of ["rehearse", "note-trees"]) {
      await Promise.race([untilStepBegun({ cli }, "update", begun), run.done])
      await project.docker("image", "prune", "--force")
    }

    const ended = await run.done

    expect(ended.exitCode, describeRun(["update", "apply"], ended)).toBe(0)
    const [report] = updateOutput.parse(JSON.parse(ended.stdout)).applied
    expect(report).toMatchObject({ outcome: "applied", from: "1.0.0", to: "1.1.0", unrehearsed: null })
    expect((await project.health())?.body.version).toBe("1.1.0")
    expect(await pulledNames()).toBe("")
    // Nothing was rehearsed before: only the rehearsal within the update can have told.
    expect(report?.predictedDowntimeMs).toBeGreaterThan(0)
  })

  step("leaves containers that a plain `docker compose up` finds as they should be, and so does a rollback", async () => {
    await expectNothingToDoByHand()
    await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])
    await expectNothingToDoByHand()
    await cli.json(updateOutput, ["update", "apply", APP, "--again", "--yes"])
    await expectNothingToDoByHand()
  })

  step("of an app with a device is not rehearsed, and done only for a reason, which stands in plan, journal and record", async () => {
    const override = await fileOf(project, "compose.override.yml")
    const device = "  worker:\n    devices: ['/dev/null:/dev/holdfast-test']\n"
    await writeFile(join(project.directory, "compose.override.yml"), `${override}${device}`)
    await project.up()
    // What is rehearsed is the point, with the configuration that it holds.
    await cli.json(backupOutput, ["backup"])
    await cli.json(drillOutput, ["drill", "--level", "restored"])
    await vendor.publish("1.2.0")
    const refusal = await cli.error("update", "apply", APP, "--yes")
    expect(refusal).toMatchObject({ code: "SANDBOX_REFUSED", what: expect.stringContaining("devices of the host") })
    expect(refusal.hint).toContain(`holdfast update apply ${APP} --unrehearsed`)
    expect(await cli.error("update", "apply", APP, "--yes", "--unrehearsed", " ")).toMatchObject({ code: "USAGE" })

    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP, "--unrehearsed", REASON])
    expect(plan).toMatchObject({ rehearsal: null, unrehearsed: REASON })
    expect(plan?.warnings.join("\n")).toMatch(/not proven: that 1\.2\.0 starts and stays well with this data, that its migration succeeds/)
    const { applied } = await cli.json(updateOutput, ["update", "apply", APP, "--yes", "--unrehearsed", REASON])

    expect(applied).toMatchObject([{ outcome: "applied", to: "1.2.0", unrehearsed: REASON }])
    expect(await pulledNames()).toBe("")
    const recorded = recordOfUpdate(join(cli.place.stateDirectory, "store.sqlite"))
    expect(recorded.plan).toContain(REASON)
    expect(recorded.guard).toContain(REASON)
    expect(recorded.result).toContain(REASON)
  })

  step("that moves the database's own image and is not well goes back with it", async () => {
    await project.waitQuiet()
    const before = await stateOfShop(project)
    const database = await pushDatabase("15.1", "FROM holdfast-test/postgres:15\nLABEL minor=1\n")
    const never = { repository: vendor.images.repository, digest: await vendor.images.push("1.0.4"), tag: null }

    const report = await applyGiven(await planGiven(database, "1.3.0", { web: never, worker: never }))

    expect(report).toMatchObject({ outcome: "rolled back", to: "1.3.0" })
    await project.waitHealthy()
    await project.waitQuiet()
    expect(await stateOfShop(project)).toEqual(before)
    await expectNothingToDoByHand()
  })

  step("that moves the database's image alone is kept, and taken back by a person with every row of before", async () => {
    const before = await stateOfShop(project)
    const database = await pushDatabase("15.1", "FROM holdfast-test/postgres:15\nLABEL minor=1\n")

    const report = await applyGiven(await planGiven(database, "1.2.0"))

    expect(report).toMatchObject({ outcome: "applied" })
    const now = await stateOfShop(project)
    expect(now.services["postgres-1"]).not.toBe(before.services["postgres-1"])
    expect(now.services["web-1"]).toBe(before.services["web-1"])
    expect(now.tables).toEqual(before.tables)
    expect(await fileOf(project, "compose.yml")).toContain(`shop/db:15.1@${database}`)
    await expectNothingToDoByHand()
    await project.addEntry("after", 1)
    await project.waitQuiet()
    await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])
    await project.waitQuiet()
    expect(await stateOfShop(project)).toEqual(before)
    await expectNothingToDoByHand()
  })
})

function recordOfUpdate(path: string): { plan: string; guard: string; result: string } {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const row = database.prepare("SELECT id, plan, result FROM operation WHERE kind = 'update' ORDER BY started_at DESC LIMIT 1").get()
    const guard = database.prepare("SELECT details FROM step WHERE operation_id = ? AND name = 'guard'").get(String(row?.["id"]))
    return { plan: String(row?.["plan"]), result: String(row?.["result"]), guard: String(guard?.["details"]) }
  } finally {
    database.close()
  }
}
