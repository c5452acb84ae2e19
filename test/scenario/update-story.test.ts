/** Updates of a real app that go well: planned, rehearsed, applied while somebody writes, taken back within the window, refused after it, three hops. */
import { appendFile, readdir } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput, pointsOutput, verifyOutput } from "../../src/contract/output.ts"
import { rollbackOutput, rollbackPlanOutput, updateHistoryOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { recordEvidence } from "../fixture/evidence.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { startNumberWriter, type NumberWriter } from "../fixture/versioned-app/writer.ts"
import { storySteps } from "./story.ts"
import {
  applied,
  databasesBeside,
  expectAllAcknowledged,
  expectNoneLost,
  expectNothingOfOurs,
  fileOf,
  numbersBeside,
  refused,
} from "./update-checks.ts"
import { APP, stateOfShop, updateWorld, type ShopState, type UpdateWorld } from "./update-world.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update", () => {
  useDocker(updateImages)
  const step = storySteps()

  let world: UpdateWorld
  let original: ShopState
  let neighbourBefore: unknown
  let digest = ""
  let writer: NumberWriter
  /** How many rows the plan of the rollback counts as lost. */
  let told = 0
  const measured: Record<string, string | number> = {}

  beforeAll(async () => {
    world = await updateWorld({ neighbour: true, images: "auto" })
    neighbourBefore = await world.neighbour?.look()
  })

  afterAll(async () => {
    recordEvidence("scenario-update", { title: "Update of an app with PostgreSQL 15, under a writer", facts: measured })
    await writer?.stop()
    await world?.dispose()
  })

  step("is not even planned while no point was restored for real", async () => {
    digest = await world.vendor.publish("1.1.0")
    await world.cli.json(backupOutput, ["backup"])
    await refused(world, "UPDATE_UNPROVEN", "update", "plan", APP)
    await world.cli.json(drillOutput, ["drill", "--level", "restored"])
    original = await stateOfShop(world.project)
  })

  step("is planned with everything that somebody wants to know before, and changes nothing", async () => {
    const { running, plan } = await world.cli.json(updatePlanOutput, ["update", "plan", APP])

    expect(running).toBe("1.0.0")
    expect(plan).toMatchObject({
      from: { version: "1.0.0" },
      to: { version: "1.1.0", foundIn: "manifest", notes: "Tags, and the length of every entry.", schemaVersion: "2" },
      hopsAfter: [],
      services: ["web", "worker"],
      stops: ["web", "worker"],
      databases: [{ name: "main", way: "clone" }],
      rehearsal: null,
      rollbackWindowMs: 3_600_000,
    })
    expect(plan?.edits.map((edit) => edit.path)).toEqual([join(world.project.directory, ".env")])
    expect(plan?.edits[0]?.diff).toContain(`-APP_IMAGE=${world.vendor.images.repository}:1.0.0\n`)
    expect(plan?.edits[0]?.diff).toMatch(new RegExp(`\\n\\+APP_IMAGE=\\S+@${digest}\\n`))
    expect(plan?.proof.level).toBe("restored")
    expect(await stateOfShop(world.project)).toEqual(original)
  })

  step("is rehearsed on a copy: the schema's change is told, and nobody outside hears of it", async () => {
    const { plan } = await world.cli.json(updatePlanOutput, ["update", "plan", APP, "--rehearse"])

    expect(plan?.rehearsal).toMatchObject({ version: "1.1.0", passed: true })
    expect(plan?.rehearsal?.schema.tablesAdded.join()).toMatch(/\btags\b/)
    expect(plan?.rehearsal?.schema.columnsAdded.join()).toMatch(/\bentries\.length\b/)
    expect(plan?.predictedDowntimeMs).toBeGreaterThan(0)
    expect(world.vendor.site.told).toEqual(["1.0.0"])
    expect(await stateOfShop(world.project)).toEqual(original)
    await expectNothingOfOurs(world)
  })

  step("is applied while somebody writes: no acknowledged row is lost, and of all files one value differs", async () => {
    const { project } = world
    const before = await fileOf(project, ".env")
    writer = startNumberWriter(project)
    await writer.wait(20)

    const [report] = await applied(world)
    await writer.wait(10)

    expect(report).toMatchObject({ outcome: "applied", from: "1.0.0", to: "1.1.0", rowsKeptBeside: [] })
    expect(report?.downtimeMs).toBeGreaterThan(0)
    expect((await project.health())?.body).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
    await expectAllAcknowledged(project, writer)
    const env = await fileOf(project, ".env")
    const pinned = new RegExp(`^APP_IMAGE=\\S+@${digest}$`, "m")
    expect(env).toMatch(pinned)
    expect(env.replace(pinned, `APP_IMAGE=${world.vendor.images.repository}:1.0.0`)).toBe(before)
    const now = await stateOfShop(project)
    for (const name of ["compose.yml", "compose.override.yml"]) expect(now.configuration[name]).toBe(original.configuration[name])
    expect(now.services["web-1"]).not.toBe(original.services["web-1"])
    expect(now.services["web-1"]).toBe(now.services["worker-1"])
    expect(now.services["postgres-1"]).toBe(original.services["postgres-1"])
    expect(await world.neighbour?.look()).toEqual(neighbourBefore)
    expect(await project.sql("SELECT count(*) FROM entries WHERE writer = 'before' AND length <> length(body)")).toBe("0")
    await expectNothingOfOurs(world)
    const gap = longestGap(writer.acknowledgedAt)
    measured["longest time without an acknowledged row, seconds"] = seconds(gap)
    measured["of which the update tells as downtime, seconds"] = seconds(report?.downtimeMs ?? 0)
    measured["slow writes"] = writer.slow.length === 0 ? "none" : writer.slow.join("; ")
    // The writer looks every 20 ms; what the update measures is the same gap.
    const seen = JSON.stringify({ gap, report, slow: writer.slow, troubles: writer.troubles() }, null, 1)
    expect(Math.abs(gap - (report?.downtimeMs ?? 0)), seen).toBeLessThan(3000)
  })

  step("leaves a hot point and a safety point, and the second reads back to its last byte", async () => {
    const { points } = await world.cli.json(pointsOutput, ["points", APP])
    const { entries } = await world.cli.json(updateHistoryOutput, ["update", "history", APP])

    expect(points).toHaveLength(3)
    expect(entries.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(["update applied", "rehearse passed"])
    const [safety] = points
    expect((await world.cli.json(verifyOutput, ["verify", APP, safety?.id ?? ""])).level).toBe("read")
  })

  step("tells before it is taken back what was written since", async () => {
    await writer.stop()
    await world.project.waitQuiet()
    const { plan } = await world.cli.json(rollbackPlanOutput, ["update", "rollback", APP, "--plan"])

    expect(plan).toMatchObject({ from: "1.1.0", to: "1.0.0", services: ["web", "worker"] })
    told = plan.rowsLost.find(({ table }) => /\bentries$/.test(table))?.rows ?? 0
    expect(told).toBeGreaterThanOrEqual(10)
  })

  step("is taken back although the registry has gone: the state of the stop comes back, what was written since is beside", async () => {
    const { project, vendor, cli } = world
    await vendor.registry.stop()
    await appendFile(join(project.directory, ".env"), "\nBY_HAND=1\n")

    const report = await cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])
    await vendor.registry.start()
    await project.waitHealthy()
    await project.waitQuiet()

    expect(report).toMatchObject({ from: "1.1.0", to: "1.0.0" })
    const now = await stateOfShop(project)
    expect(now.configuration).toEqual(original.configuration)
    expect(now.services).toEqual(original.services)
    expect(now.columns).toEqual(original.columns)
    expect(now.version).toBe("1.0.0")
    for (const [name, look] of Object.entries(original.uploads)) expect(now.uploads[name]).toBe(look)
    // What somebody wrote into a file that comes back is not thrown away either.
    const aside = (await readdir(project.directory)).filter((name) => name.includes(".env.holdfast-"))
    expect((await Promise.all(aside.map(async (name) => await fileOf(project, name)))).join("\n")).toContain("BY_HAND=1")
    const beside = await databasesBeside(project)
    expect(beside).toHaveLength(1)
    const rows = await expectNoneLost(world, writer, await numbersBeside(project, beside[0] ?? "", writer.name))
    expect(rows).toBe(told)
    expect(report.rowsKeptBeside.find(({ table }) => /\bentries$/.test(table))?.rows).toBe(rows)
    expect(await world.neighbour?.look()).toEqual(neighbourBefore)
    await expectNothingOfOurs(world)
    measured["rollback by hand, seconds down"] = seconds(report.downtimeMs)
  })

  step("that was taken back by hand is applied again on request, and cannot be taken back after its window", async () => {
    await world.settle({ rollbackWindow: "1s" })
    await refused(world, "UPDATE_FAILED_BEFORE", "update", "apply", APP, "--yes")
    const [report] = await applied(world, "--again")
    expect(report).toMatchObject({ outcome: "applied", to: "1.1.0" })
    await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(Date.parse(report?.keptUntil ?? "") + 100)

    const error = await refused(world, "UPDATE_ROLLBACK_CLOSED", "update", "rollback", APP, "--yes")

    expect(`${error.what} ${error.why ?? ""} ${error.hint}`).toMatch(/holdfast restore .*--with images/)
    expect((await world.project.health())?.body.version).toBe("1.1.0")
  })

  step("over several releases goes hop by hop, each rehearsed and kept for itself", async () => {
    await world.vendor.publish("1.2.0")
    await world.vendor.publish("2.0.0")
    const { plan } = await world.cli.json(updatePlanOutput, ["update", "plan", APP])
    expect(plan).toMatchObject({ to: { version: "1.2.0" }, hopsAfter: ["2.0.0"] })
    await world.settle({})

    const reports = await applied(world)

    expect(reports.map(({ from, to, outcome }) => [from, to, outcome])).toEqual([
      ["1.1.0", "1.2.0", "applied"],
      ["1.2.0", "2.0.0", "applied"],
    ])
    expect((await world.project.health())?.body).toEqual({ status: "ok", version: "2.0.0", schema: 4 })
    expect(await world.project.sql("SELECT count(*) FROM archive WHERE content LIKE 'before wrote%'")).toBe("4")
    // Each on a copy of what the hop before had made.
    const { points } = await world.cli.json(pointsOutput, ["points", APP])
    const rehearsed = points.filter(({ label }) => label?.startsWith("to rehearse") === true)
    expect(rehearsed.map(({ label, appVersion, proof }) => [label, appVersion, proof?.level])).toEqual([
      ["to rehearse 2.0.0", "1.2.0", "restored"],
      ["to rehearse 1.2.0", "1.1.0", "restored"],
      ["to rehearse 1.1.0", "1.0.0", "restored"],
    ])
    expect(await world.neighbour?.look()).toEqual(neighbourBefore)
  })

  step("with nothing newer there does nothing and says so", async () => {
    const before = await stateOfShop(world.project)
    expect(await applied(world)).toEqual([])
    expect(await stateOfShop(world.project)).toEqual(before)
  })
})

function longestGap(instants: readonly number[]): number {
  return Math.max(0, ...instants.slice(1).map((at, index) => at - (instants[index] ?? at)))
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10
}
