/** Updates of an app whose data is a SQLite file in a volume: refused where something is not as it should be, applied under a writer, taken back. */
import { execFile } from "node:child_process"
import { appendFile, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect } from "vitest"
import { rollbackOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { startNumberWriter } from "../fixture/versioned-app/writer.ts"
import { storySteps } from "./story.ts"
import { applied, expectAllAcknowledged, expectNothingOfOurs, fileOf, numbersLive, poisonLive, refused } from "./update-checks.ts"
import { APP, stateOfShop, untilStepBegun, updateWorld, type ShopState, type UpdateWorld } from "./update-world.ts"

const run = promisify(execFile)

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update of an app with a SQLite file", () => {
  useDocker(updateImages)
  const step = storySteps()

  let world: UpdateWorld
  let original: ShopState

  beforeAll(async () => {
    world = await updateWorld({ engine: "sqlite", rules: { stability: "2s", timeout: "8s" } })
    await world.provenPoint()
    original = await stateOfShop(world.project)
  })

  afterAll(async () => {
    await world?.dispose()
  })

  step("is refused while what runs is not what the files say", async () => {
    const { project, vendor } = world
    await vendor.publish("1.0.7")
    const override = await fileOf(project, "compose.override.yml")
    await writeFile(join(project.directory, "compose.override.yml"), override.replace("'yes'", "'no'"))

    await refused(world, "DRIFT_FOUND", "update", "apply", APP, "--yes")

    await writeFile(join(project.directory, "compose.override.yml"), override)
    expect(await stateOfShop(project)).toEqual(original)
  })

  step("is refused while there is no room for the copy, before anything stops", async () => {
    const { project } = world
    const place = await project.volumePath("data")
    await fillDisk(project, place)

    try {
      await refused(world, "SPACE_MISSING", "update", "apply", APP, "--yes")
    } finally {
      await emptyDisk(project, place)
    }

    expect((await project.health())?.body).toEqual({ status: "ok", version: "1.0.0", schema: 1 })
    expect({ ...(await stateOfShop(project)), services: {} }).toEqual({ ...original, services: {} })
    await expectNothingOfOurs(world)
  })

  step("that rewrites files and is then not well gives rows and files back, to the byte", async () => {
    const { project } = world
    await poisonLive(world, "1.0.7")
    const before = await stateOfShop(project)

    await refused(world, "UPDATE_ROLLED_BACK", "update", "apply", APP, "--yes")

    await project.waitHealthy()
    expect(await stateOfShop(project)).toEqual(before)
    await expectNothingOfOurs(world)
  })

  step("is applied under a writer: nothing that was acknowledged is lost", async () => {
    const { project, vendor } = world
    await vendor.publish("1.1.0")
    const writer = startNumberWriter(project)
    await writer.wait(20)

    const [report] = await applied(world)
    await writer.wait(10)
    await writer.stop()

    expect(report).toMatchObject({ outcome: "applied", to: "1.1.0" })
    expect((await project.health())?.body).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
    await expectAllAcknowledged(project, writer)
    await expectNothingOfOurs(world)
  })

  step("is not applied over files that somebody edited between plan and end", async () => {
    const { project, cli, vendor } = world
    await vendor.publish("1.2.0")
    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP])
    const compose = await fileOf(project, "compose.yml")
    expect(plan?.to.version).toBe("1.2.0")
    const started = cli.start("update", "apply", APP, "--yes", "--json")
    await untilStepBegun(world, "update", "rehearse")
    await appendFile(join(project.directory, "compose.yml"), "# by hand\n")

    const ended = await started.done

    expect(ended.exitCode, ended.stderr).not.toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: "PLAN_STALE" } })
    expect(await fileOf(project, "compose.yml")).toBe(`${compose}# by hand\n`)
    expect((await project.health())?.body).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
    await writeFile(join(project.directory, "compose.yml"), compose)
    await expectNothingOfOurs(world)
  })

  step("is taken back by hand: the rows of the stop are live, those of the new version are counted", async () => {
    const { project, cli } = world
    const before = (await numbersLive(project, "before")).length
    for (let number = 100; number < 105; number += 1) await project.addEntry("since", number)
    await project.waitQuiet()

    const report = await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])

    await project.waitHealthy()
    await project.waitQuiet()
    const now = await stateOfShop(project)
    expect(now.configuration).toEqual(original.configuration)
    expect(now.columns).toEqual(original.columns)
    expect(await numbersLive(project, "since")).toEqual([])
    expect(await numbersLive(project, "before")).toHaveLength(before)
    expect(report.rowsKeptBeside.find(({ table }) => /\bentries$/.test(table))?.rows).toBeGreaterThanOrEqual(5)
    await expectNothingOfOurs(world)
  })
})

/** The volume moves onto a small file system that a second copy does not fit on. */
async function fillDisk(project: UpdateWorld["project"], place: string): Promise<void> {
  await project.cli("stop", "--timeout", "5", "web", "worker")
  await run("cp", ["-a", place, `${place}.saved`])
  await run("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", place])
  await run("cp", ["-a", `${place}.saved/.`, place])
  await rm(`${place}.saved`, { recursive: true })
  await project.cli("start", "web", "worker")
  await project.waitHealthy()
  await writeFile(join(place, "ballast"), "")
  await fillUp(join(place, "ballast"))
}

/** Until a few kilobytes are free, which the app itself needs for its log. */
async function fillUp(file: string): Promise<void> {
  const free = async (): Promise<number> => Number((await run("df", ["--output=avail", "-B1", file])).stdout.split("\n")[1])
  for (let left = await free(); left > 12_000; left = await free()) await appendFile(file, Buffer.alloc(Math.min(100_000, left - 8_000)))
}

async function emptyDisk(project: UpdateWorld["project"], place: string): Promise<void> {
  await project.cli("stop", "--timeout", "5", "web", "worker")
  await rm(join(place, "ballast"))
  await run("cp", ["-a", `${place}/.`, `${place}.saved`])
  await run("umount", ["--lazy", place])
  await run("cp", ["-a", `${place}.saved/.`, place])
  await rm(`${place}.saved`, { recursive: true })
  await project.cli("start", "web", "worker")
  await project.waitHealthy()
  expect((await readFile(join(place, "shop.db"))).length).toBeGreaterThan(0)
}
