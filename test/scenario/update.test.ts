/** An update that is kept, one that takes itself back, and one that is taken back by a person: data, files, images and configuration as one. */
import { renameSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { pointsOutput } from "../../src/contract/output.ts"
import type { DatabaseEngines } from "../../src/app/ports.ts"
import type { InstallableRelease } from "../../src/release/installable.ts"
import { applyUpdate, planRollback, rollBackUpdate, type UpdatePlan } from "../../src/update/update.ts"
import { plainPlan, planUpdate } from "../../src/update/plan/plan.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { isFullRun } from "../fixture/size.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { versionFacts, type Version } from "../fixture/versioned-app/versions.ts"
import { poisonLive } from "./update-checks.ts"
import { inProcess, type InProcess } from "./update-in-process.ts"
import { APP, stateOfShop, updateWorld, type UpdateWorld } from "./update-world.ts"

for (const engine of ["postgres", "sqlite"] as const) {
  describeNeeding(
    "restic",
    "docker",
    "registry",
    "root",
  )(`an update of an app on ${engine}`, () => {
    useDocker(updateImages)
    let world: UpdateWorld
    let process: InProcess

    beforeAll(async () => {
      world = await updateWorld({ engine, rules: { timeout: "40s" } })
      await world.provenPoint()
      process = await inProcess(world.cli.place, APP)
    })

    afterAll(async () => {
      await process?.close()
      await world?.dispose()
    })

    async function planTo(version: Version, tools = process.tools, again = false): Promise<UpdatePlan> {
      const digest = await world.vendor.images.push(version)
      const image = { repository: world.vendor.images.repository, digest, tag: version }
      const command = (word: string) => ({ service: "web", argv: ["node", "app.mjs", word] as [string, ...string[]] })
      const to: InstallableRelease = {
        version,
        foundIn: "given",
        images: { web: image, worker: image },
        preFlight: versionFacts(version).commands ? command("pre-flight") : null,
        migrate: versionFacts(version).commands ? command("migrate") : null,
        schemaVersion: null,
        notes: "",
        signed: null,
      }
      const subject = { app: process.app, declared: process.declared }
      return await planUpdate(
        tools,
        subject,
        process.vault,
        to,
        { ...plainPlan, again, unrehearsed: again ? "its marker is in the data since it failed" : null },
        process.ctx,
      )
    }

    const apply = async (plan: UpdatePlan, tools = process.tools) =>
      await applyUpdate(tools, { app: process.app, declared: process.declared }, process.vault, plan, "test", process.base())

    /** The full run asks all of both engines, the normal one each once. */
    const asked = (inNormalRun: typeof engine, title: string, run: () => Promise<void>): void => {
      if (isFullRun || inNormalRun === engine) it(title, run)
    }

    asked(
      "postgres",
      "is kept when the new version stays well, and is taken back by a person with everything it had replaced",
      async () => {
        await world.project.waitQuiet()
        const before = await stateOfShop(world.project)

        const report = await apply(await planTo("1.1.0"))

        expect(report).toMatchObject({ outcome: "applied", from: "1.0.0", to: "1.1.0", why: null, rowsKeptBeside: [] })
        expect((await world.project.health())?.body.version).toBe("1.1.0")
        const { points } = await world.cli.json(pointsOutput, ["points", APP])
        expect(points.find((point) => point.id === report.safetyPoint)).toMatchObject({ trigger: "safety" })
        expect(points.find((point) => point.id === report.hotPoint)).toMatchObject({ trigger: "update" })
        expect(await readFile(join(world.project.directory, ".env"), "utf8")).not.toBe("")

        await world.project.addEntry("after", 1)
        await world.project.addFile("later.bin", Buffer.alloc(100, 1))
        await world.project.waitQuiet()
        const plan = await planRollback(process.tools, process.app, process.vault, null, process.ctx)
        expect(plan).toMatchObject({ operationId: report.operationId, from: "1.1.0", to: "1.0.0" })
        expect(plan.rowsLost.find(({ table }) => table.endsWith("entries"))).toMatchObject({ rows: 1 })
        const subject = { app: process.app, declared: process.declared }
        const back = await rollBackUpdate(process.tools, subject, process.vault, null, "test", process.base())

        expect(back).toMatchObject({ undone: report.operationId, from: "1.1.0", to: "1.0.0" })
        expect(back.rowsKeptBeside.find(({ table }) => table.endsWith("entries"))).toMatchObject({ rows: 1 })
        await world.project.waitQuiet()
        expect(await stateOfShop(world.project)).toEqual(before)
        await expect(planRollback(process.tools, process.app, process.vault, null, process.ctx)).rejects.toMatchObject({
          code: "UPDATE_ROLLBACK_CLOSED",
        })
      },
    )

    asked(
      "sqlite",
      "takes itself back when the new version is never well: rows, uploads, images and files are those of before",
      async () => {
        await poisonLive(world, "1.0.7")
        const before = await stateOfShop(world.project)

        const report = await apply(await planTo("1.0.7"))

        expect(report).toMatchObject({ outcome: "rolled back", to: "1.0.7", safetyPoint: null })
        expect(report.why).toMatch(/not well/)
        await world.project.waitQuiet()
        expect(await stateOfShop(world.project)).toEqual(before)
      },
    )

    asked("sqlite", "stays stopped when it cannot be taken back, and the next command takes it back once the cause is gone", async () => {
      await poisonLive(world, "1.0.7")
      const before = await stateOfShop(world.project)
      const vault = join(world.directory, "vault")
      const base = process.base()
      // What the files were is in the vault, which goes away at the worst moment.
      const warn = (text: string): void => {
        if (text.includes("is not kept")) renameSync(vault, `${vault}-away`)
      }
      const plan = await planTo("1.0.7", process.tools, true)
      const subject = { app: process.app, declared: process.declared }
      const progress = { ...base.progress, warn }
      const run = applyUpdate(process.tools, subject, process.vault, plan, "test", { ...base, progress })

      await expect(run).rejects.toMatchObject({ code: "OPERATION_UNSETTLED", message: `going back to 1.0.0 of ${APP} failed` })
      await world.cli.run("points", APP)
      expect(await world.project.health()).toBeNull()

      renameSync(`${vault}-away`, vault)
      await world.cli.json(pointsOutput, ["points", APP])
      await world.project.waitQuiet()
      expect(await stateOfShop(world.project)).toEqual(before)
    })

    asked("postgres", "takes itself back from the point of the standstill where a database cannot be copied beside itself", async () => {
      await poisonLive(world, "1.0.8")
      const before = await stateOfShop(world.project)
      const tools = { ...process.tools, databases: withoutCopies(process.tools.databases) }
      const plan = await planTo("1.0.8", tools)
      expect(plan.databases).toMatchObject([{ name: "main", way: "cold-point" }])

      const report = await apply(plan, tools)

      expect(report).toMatchObject({ outcome: "rolled back", to: "1.0.8" })
      await world.project.waitQuiet()
      expect(await stateOfShop(world.project)).toEqual(before)
      const { points } = await world.cli.json(pointsOutput, ["points", APP])
      expect(points.filter(({ trigger }) => trigger === "safety").length).toBeGreaterThan(0)
    })
  })
}

/** As an engine that knows no copies: the rest is the real one. */
function withoutCopies(databases: DatabaseEngines): DatabaseEngines {
  return {
    named: (engine) => databases.named(engine),
    for: (source) => {
      const { cloneBeside: _clone, canClone: _can, ...rest } = databases.for(source)
      return rest
    },
  }
}
