/** An update of an app whose database role may make no database, and of one without room for a copy: it comes back from the point of the standstill. */
import { mkdir, readFile, statfs, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { rollbackOutput, rollbackPlanOutput, updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { smallDisk } from "../crash/update-place.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { makeAppProject, type AppProject } from "../fixture/versioned-app/project.ts"
import { cliIn, type Cli } from "./cli.ts"
import { APP, shopSettings } from "./shop-settings.ts"
import { storySteps } from "./story.ts"
import { stateOfShop } from "./update-world.ts"
import { startVendor, type Vendor } from "./vendor.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update of an app whose database cannot be copied beside itself", () => {
  useDocker(updateImages)
  const step = storySteps()
  let directory = ""
  let vendor: Vendor
  let project: AppProject
  let cli: Cli
  let release: (() => Promise<void>) | null = null

  beforeAll(async () => {
    directory = await newDirectory("update-refill")
    vendor = await startVendor(directory)
    project = await makeAppProject(join(directory, "app"), { engine: "postgres", registry: vendor.registry.name })
    const composeFile = join(project.directory, "compose.yml")
    await writeFile(composeFile, (await readFile(composeFile, "utf8")).replaceAll("DATABASE_USER: shop", "DATABASE_USER: plain"))
    await vendor.publish("1.0.0")
    await project.cli("up", "--detach", "--wait", "postgres")
    await project.sql(`CREATE ROLE plain LOGIN PASSWORD '${project.databasePassword}'; GRANT CREATE ON SCHEMA public TO plain`)
    await project.up()
    await settle("plain")
    for (let number = 1; number <= 40; number += 1) await project.addEntry("before", number)
    await project.addFile("file.bin", Buffer.alloc(5000, 7))
    await project.waitQuiet()
    const stateDirectory = join(directory, "state")
    await mkdir(stateDirectory)
    cli = cliIn({ cwd: directory, stateDirectory })
    await cli.json(backupOutput, ["backup"])
    await cli.json(drillOutput, ["drill", "--level", "restored"])
  })

  afterAll(async () => {
    await release?.()
    await project?.remove()
    await vendor?.dispose()
    await removeTree(directory)
  })

  async function settle(user: string): Promise<void> {
    const settings = JSON.stringify(shopSettings(directory, project, vendor, { stability: "2s", timeout: "10s", rollbackWindow: "1h" }))
    await writeFile(join(directory, "holdfast.yaml"), settings.replace('"user":"shop"', `"user":"${user}"`))
  }

  step("says in the plan that it would come back from a point, and what is lost by that", async () => {
    await vendor.publish("1.0.8")
    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP])
    expect(plan?.databases).toMatchObject([
      { name: "main", way: "refill", why: "role plain may not create databases (CREATEDB is missing)" },
    ])
    expect(plan?.warnings.join("\n")).toMatch(/database main cannot be copied .* empties it and fills it from that point/)
  })

  step("comes back exactly after the new version had migrated and was not well", async () => {
    await project.poison("1.0.8")
    await project.waitQuiet()
    const before = await stateOfShop(project)

    const error = await cli.error("update", "apply", APP, "--yes")

    expect(error.code, JSON.stringify(error)).toBe("UPDATE_ROLLED_BACK")
    await project.waitHealthy()
    await project.waitQuiet()
    expect(await stateOfShop(project)).toEqual(before)
  })

  step("is kept when it does well, and taken back by a person with the rows of before", async () => {
    const before = await stateOfShop(project)
    await vendor.publish("1.1.0")
    const { applied } = await cli.json(updateOutput, ["update", "apply", APP, "--yes"])
    expect(applied).toMatchObject([{ outcome: "applied", to: "1.1.0" }])
    await project.addEntry("after", 1)
    await project.waitQuiet()

    const { plan } = await cli.json(rollbackPlanOutput, ["update", "rollback", APP, "--plan"])
    expect(plan.rowsLost.find(({ table }) => table.endsWith("entries"))).toMatchObject({ rows: 1 })
    expect(plan.warnings).toEqual([expect.stringContaining("main is emptied and filled again")])

    await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])

    await project.waitQuiet()
    expect(await stateOfShop(project)).toEqual(before)
  })

  step("without room for a copy is planned in the same way, although its role might make one", async () => {
    const live = await project.volumePath("data")
    release = await smallDisk({ project }, live, "200m")
    const { bavail, bsize } = await statfs(live)
    const spare = 5 * 1024 * 1024
    await command(["fallocate", "--length", String(bavail * bsize - spare), join(live, "ballast")])
    await settle("shop")
    await project.sql("ALTER ROLE plain SUPERUSER")
    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", APP, "--again"])
    expect(plan?.databases).toMatchObject([{ name: "main", way: "refill", why: expect.stringMatching(/has .* free, .* would be needed/) }])
  })
})
