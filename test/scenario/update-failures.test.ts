/** Updates that go wrong, one way after the other: the app ends as it was, to the byte, and every acknowledged row is live or counted beside. */
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { makeKeyCheap } from "../fixture/quick-key.ts"
import { isFullRun } from "../fixture/size.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import type { Version } from "../fixture/versioned-app/versions.ts"
import { startNumberWriter } from "../fixture/versioned-app/writer.ts"
import { storySteps } from "./story.ts"
import {
  applied,
  databasesBeside,
  expectNoneLost,
  expectNothingOfOurs,
  lastEntry,
  numbersBeside,
  poisonLive,
  recordedReport,
  refused,
} from "./update-checks.ts"
import { APP, stateOfShop, updateWorld, type ShopState, type UpdateSettings, type UpdateWorld } from "./update-world.ts"
import type { ErrorOutput } from "../../src/contract/output.ts"

/** What never becomes well is not waited for as long as what takes its time. */
const HASTY: UpdateSettings = { timeout: "4s", stability: "2s" }

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("an update that goes wrong", () => {
  useDocker(updateImages)
  const step = storySteps()
  /** Near to others: in the full run alone. */
  const also: typeof step = isFullRun ? step : () => undefined

  let world: UpdateWorld
  let neighbourBefore: unknown

  beforeAll(async () => {
    world = await updateWorld({ neighbour: true, images: "auto" })
    neighbourBefore = await world.neighbour?.look()
    await world.provenPoint()
    await makeKeyCheap(join(world.directory, "vault"), join(world.directory, "state/keys/local.key"))
  })

  afterAll(async () => {
    await world?.dispose()
  })

  /** As `fails`, of a version that does well on everything but what is written after the last point. */
  async function failsLive(version: Version, code: string, rules: UpdateSettings = {}): Promise<ErrorOutput["error"]> {
    // Before the point: what is older than a change of the settings is not rehearsed on.
    await world.settle(rules)
    await poisonLive(world, version)
    return await failsAsSettled(version, code)
  }

  /** Publishes the version, tries to apply it, and requires that everything is as it was. */
  async function fails(version: Version, code: string, rules: UpdateSettings = {}): Promise<ErrorOutput["error"]> {
    await world.settle(rules)
    return await failsAsSettled(version, code)
  }

  async function failsAsSettled(version: Version, code: string): Promise<ErrorOutput["error"]> {
    const { project, vendor } = world
    await vendor.publish(version)
    await project.waitQuiet()
    const before = await stateOfShop(project)
    const error = await refused(world, code, "update", "apply", APP, "--yes")
    await expectAsBefore(before)
    return error
  }

  async function expectAsBefore(before: ShopState): Promise<void> {
    await world.project.waitHealthy()
    expect(await stateOfShop(world.project)).toEqual(before)
    expect(await world.neighbour?.look()).toEqual(neighbourBefore)
    await expectNothingOfOurs(world)
  }

  step("in the pre-flight ends before anything is touched", async () => {
    const error = await fails("1.0.1", "UPDATE_REHEARSAL_FAILED")
    expect(error.why).toContain("this version needs a setting that is not there")
    expect(await databasesBeside(world.project)).toEqual([])
  })

  step("is not tried a second time unless somebody wants it", async () => {
    await refused(world, "UPDATE_FAILED_BEFORE", "update", "apply", APP, "--yes")
  })

  also("in the migration is seen in the rehearsal", async () => {
    const error = await fails("1.0.2", "UPDATE_REHEARSAL_FAILED")
    expect(error.why).toContain("the migration came upon a row that it does not understand")
  })

  also("in a migration that never ends is seen in the rehearsal, in bounded time", async () => {
    await fails("1.0.3", "UPDATE_REHEARSAL_FAILED", HASTY)
  })

  also("in a version that is never well is seen in the rehearsal", async () => {
    const error = await fails("1.0.4", "UPDATE_REHEARSAL_FAILED", HASTY)
    expect(error.why).toMatch(/health/)
  })

  step("in the live migration alone takes back a half-migrated database", async () => {
    const error = await failsLive("1.0.5", "UPDATE_ROLLED_BACK")
    expect(error.why).toContain("the migration came upon a row that it does not understand")
    expect(await lastEntry(world)).toMatchObject({ kind: "update", outcome: "rolled back", from: "1.0.0", to: "1.0.5" })
  })

  also("in a live migration that never ends is taken back in bounded time", async () => {
    await failsLive("1.0.6", "UPDATE_ROLLED_BACK", HASTY)
  })

  also("after the uploads were rewritten gives each file its bytes, mode and time back", async () => {
    await failsLive("1.0.7", "UPDATE_ROLLED_BACK", HASTY)
  })

  step("with a schema that the old version refuses gives it the old schema back", async () => {
    await failsLive("1.0.8", "UPDATE_ROLLED_BACK", HASTY)
  })

  step("in a version that is well and not well in turn is taken back; what it acknowledged meanwhile is beside, and counted", async () => {
    const { project, vendor } = world
    await world.settle({ timeout: "8s", stability: "5s" })
    await vendor.publish("1.0.9")
    await poisonLive(world, "1.0.9")
    const before = await stateOfShop(project)
    const known = new Set(await databasesBeside(project))
    const writer = startNumberWriter(project)
    await writer.wait(10)

    const error = await refused(world, "UPDATE_ROLLED_BACK", "update", "apply", APP, "--yes")
    await project.waitHealthy()
    await writer.wait(5)
    await writer.stop()

    const beside = (await databasesBeside(project)).filter((name) => !known.has(name))
    expect(beside).toHaveLength(1)
    const aside = await expectNoneLost(world, writer, await numbersBeside(project, beside[0] ?? "", writer.name))
    expect(aside).toBeGreaterThan(0)
    expect(error.what).toMatch(/\d+ rows? that the new version had written are kept beside/)
    expect(recordedReport(world).rowsKeptBeside).toContainEqual({ database: "main", table: "public.entries", rows: aside })
    const now = await stateOfShop(project)
    expect({ ...now, tables: {}, uploads: {} }).toEqual({ ...before, tables: {}, uploads: {} })
    for (const [name, look] of Object.entries(before.uploads)) expect(now.uploads[name]).toBe(look)
    expect(await world.neighbour?.look()).toEqual(neighbourBefore)
  })

  step("with a healthy API and a worker that ends again and again is taken back", async () => {
    const error = await failsLive("1.0.10", "UPDATE_ROLLED_BACK")
    expect(error.why).toMatch(/worker/)
  })

  step("with a status of 200 that says degraded is taken back", async () => {
    const error = await failsLive("1.0.11", "UPDATE_ROLLED_BACK", HASTY)
    expect(error.why).toContain("degraded")
  })

  step("that only takes its time, longer than becoming well may take, is waited for", async () => {
    await world.settle({ timeout: "12s", stability: "2s" })
    await world.vendor.publish("1.0.12")

    const [report] = await applied(world)

    expect(report).toMatchObject({ outcome: "applied", to: "1.0.12" })
    expect(report?.downtimeMs).toBeGreaterThan(15_000)
    expect((await world.project.health())?.body).toEqual({ status: "ok", version: "1.0.12", schema: 2 })
    expect(await world.neighbour?.look()).toEqual(neighbourBefore)
  })

  also("in what a release reports of itself is taken back only where that is expected", async () => {
    await world.vendor.publish("1.0.13")
    await world.settle({ ...HASTY, expectVersion: true })
    const error = await refused(world, "UPDATE_REHEARSAL_FAILED", "update", "apply", APP, "--yes")
    expect(error.why).toContain("answered 1.0.0, 1.0.13 is expected")
    await world.settle({ expectVersion: false })

    const [report] = await applied(world, "--again")

    expect(report).toMatchObject({ outcome: "applied", to: "1.0.13" })
  })
})
