/** Rehearsals of an update: the real data in a sandbox, the release's own commands, and a live app that notices nothing. */
import { appendFile, readdir } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, vi } from "vitest"
import { isHoldfastError } from "../../src/base/errors.ts"
import { pointsOutput } from "../../src/contract/output.ts"
import type { InstallableRelease } from "../../src/release/installable.ts"
import { updateRules } from "../../src/update/find/find-tools.ts"
import { planUpdate, plainPlan } from "../../src/update/plan/plan.ts"
import { rehearseUpdate } from "../../src/update/rehearse/rehearse-operation.ts"
import type { Rehearsal, UpdatePlan } from "../../src/update/update-plan.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import type { Engine } from "../fixture/versioned-app/project.ts"
import { pushImage } from "../fixture/registry/push.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { versionFacts, type Version } from "../fixture/versioned-app/versions.ts"
import { storySteps } from "./story.ts"
import { inProcess, type InProcess } from "./update-in-process.ts"
import { APP, stateOfShop, updateWorld, type ShopState, type UpdateWorld } from "./update-world.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("a rehearsal", () => {
  useDocker([...updateImages, "holdfast-test/postgres:17"])

  for (const engine of ["postgres", "sqlite"] as const) describe(`of an app with ${engine}`, () => rehearsals(engine))
})

function rehearsals(engine: Engine): void {
  const step = storySteps()

  let world: UpdateWorld
  let shop: InProcess
  let point = ""
  let before: ShopState
  let told = 0

  beforeAll(async () => {
    world = await updateWorld({ engine, rules: { timeout: "2m", stability: "3s" } })
    point = await world.provenPoint()
    shop = await inProcess(world.cli.place, APP)
    before = await stateOfShop(world.project)
    told = world.vendor.site.told.length
  })

  afterAll(async () => {
    await shop?.close()
    await world?.dispose()
  })

  async function releaseOf(version: Version): Promise<InstallableRelease> {
    const image = { repository: world.vendor.images.repository, digest: await world.vendor.images.push(version), tag: version }
    const run = (word: string) => ({ service: "web", argv: ["node", "app.mjs", word] as [string, ...string[]] })
    const { commands } = versionFacts(version)
    return {
      version,
      foundIn: "manifest",
      images: { web: image, worker: image },
      preFlight: commands ? run("pre-flight") : null,
      migrate: commands ? run("migrate") : null,
      schemaVersion: null,
      notes: "",
      signed: null,
    }
  }

  /** @param timeoutMs a migration that never ends is waited for six times as long */
  async function rehearse(release: InstallableRelease, timeoutMs?: number): Promise<Rehearsal> {
    const updates = { ...updateRules(shop.declared), ...(timeoutMs === undefined ? {} : { timeoutMs }) }
    const subject = { app: shop.app, declared: { ...shop.declared, updates } }
    return await rehearseUpdate(
      shop.tools,
      subject,
      shop.vault,
      { from: { version: "1.0.0", images: {} }, to: release },
      "test",
      shop.base(),
    )
  }

  async function plan(release: InstallableRelease, options = plainPlan): Promise<UpdatePlan> {
    return await planUpdate(shop.tools, shop, shop.vault, release, options, shop.ctx)
  }

  async function refusal(refused: Promise<unknown>): Promise<{ code: string; what: string; why: string | undefined }> {
    const thrown: unknown = await refused.then(
      () => null,
      (error: unknown) => error,
    )
    if (!isHoldfastError(thrown)) throw new Error(`it was not refused: ${String(thrown)}`)
    return { code: thrown.code, what: thrown.message, why: thrown.why }
  }

  /** Other suites work on the same engine: only what this run made is looked for. */
  async function expectUntouched({ operationId }: { readonly operationId: string }): Promise<void> {
    expect(await stateOfShop(world.project)).toEqual(before)
    expect(world.vendor.site.told).toHaveLength(told)
    const ours = ["docker", "ps", "--all", "--quiet", "--filter", `label=holdfast.operation=${operationId}`]
    expect(await command(ours)).toBe("")
    expect(await readdir(join(world.cli.place.stateDirectory, "scratch"))).toEqual([])
  }

  step("tells what a good release does to the real data, and how long it takes", async () => {
    const rehearsal = await rehearse(await releaseOf("1.1.0"))

    expect(rehearsal).toMatchObject({ passed: true, why: null, point, version: "1.1.0" })
    expect(rehearsal.schema.tablesAdded).toEqual([engine === "postgres" ? "public.tags" : "tags"])
    expect(rehearsal.schema.columnsAdded.length).toBeGreaterThan(0)
    expect(rehearsal.schema.columnsRemoved).toEqual([])
    expect(rehearsal.startMs).toBeGreaterThan(0)
    expect(rehearsal.migrateMs).toBeGreaterThan(0)
    expect(rehearsal.preFlightMs).toBeGreaterThan(0)
    expect(rehearsal.cloneMs).toBeGreaterThan(0)
    expect(rehearsal.stopMs).toBeGreaterThan(0)
    await expectUntouched(rehearsal)
  })

  step("is used by the plan that follows, and is itself a proof of the point", async () => {
    const release = await releaseOf("1.1.0")
    const planned = await plan(release)

    expect(planned.rehearsal).toMatchObject({ passed: true, version: "1.1.0" })
    expect(planned.predictedDowntimeMs).toBeGreaterThan(0)
    expect(planned).toMatchObject({ app: APP, services: ["web", "worker"], stops: ["web", "worker"], proof: { point, level: "restored" } })
    expect(planned.databases).toMatchObject([{ name: "main", way: "clone" }])
    expect(planned.edits.map(({ path }) => path)).toEqual([join(world.project.directory, ".env")])
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned)
    const proofs = await shop.tools.store.proofs(APP)
    expect(proofs.filter(({ operationId }) => operationId === planned.rehearsal?.operationId)).toMatchObject([{ level: "restored", point }])
    // Of another release nothing was rehearsed.
    expect((await plan({ ...release, migrate: null })).rehearsal).toBeNull()
    await expectUntouched(shop.ctx)
  })

  step("does not count any more when a setting was changed, and the next one is done on a new point with that setting", async () => {
    const release = await releaseOf("1.1.0")
    await appendFile(join(world.project.directory, ".env"), "\nADDED_BY_HAND=1\n")
    before = await stateOfShop(world.project)
    expect((await plan(release)).rehearsal).toBeNull()

    const rehearsal = await rehearse(release)

    expect(rehearsal.passed).toBe(true)
    const { points } = await world.cli.json(pointsOutput, ["points", APP])
    expect(points.map(({ id, label, trigger, proof }) => ({ id, label, trigger, level: proof?.level }))).toMatchObject([
      { id: rehearsal.point, label: "to rehearse 1.1.0", trigger: "update", level: "restored" },
      { id: point },
    ])
    expect((await plan(release)).rehearsal).toMatchObject({ point: rehearsal.point })
    await expectUntouched(rehearsal)
  })

  step(
    `with ${engine}: of a failing migration tells its last lines, and the release is not planned again unless somebody wants it`,
    async () => {
      const release = await releaseOf("1.0.2")
      const rehearsal = await rehearse(release)

      expect(rehearsal.passed).toBe(false)
      expect(rehearsal.why).toContain("the migration came upon a row that it does not understand")
      const refused = await refusal(plan(release))
      expect(refused).toMatchObject({ code: "UPDATE_FAILED_BEFORE", why: rehearsal.why })
      expect(refused.what).toMatch(/^1\.0\.2 failed its rehearsal here on 20/)
      expect((await plan(release, { ...plainPlan, again: true })).rehearsal).toBeNull()
      await expectUntouched(rehearsal)
    },
  )

  if (engine === "postgres") {
    step("is not even begun for another major version of PostgreSQL on the old volume", async () => {
      const release = await releaseOf("1.1.0")
      const moving = async (postgres: InstallableRelease["images"][string]) =>
        await refusal(plan({ ...release, images: { ...release.images, postgres } }))
      const refused = {
        code: "UPDATE_MAJOR_DATABASE",
        what: "1.1.0 moves postgres from PostgreSQL 15 to PostgreSQL 17",
        why: "a server cannot read the data directory of another major version",
      }

      // By its tag while it is not here, by the program in it once it is.
      const absent = { repository: "registry.example/db", digest: `sha256:${"0".repeat(64)}`, tag: "17.2-alpine" }
      expect(await moving(absent)).toEqual(refused)
      const repository = `${world.vendor.registry.name}/db`
      await command(["docker", "tag", "holdfast-test/postgres:17", `${repository}:x`])
      const digest = await pushImage(`${repository}:x`)
      expect(await moving({ repository, digest, tag: null })).toEqual(refused)
      // The last tag of a repository takes the digest with it.
      await command(["docker", "image", "rm", `${repository}:x`])
    })
    return
  }

  // What follows does not depend on the engine.
  step("does not count when a setting is changed while it runs, whatever it read of it", async () => {
    const release = await releaseOf("1.1.0")
    const running = rehearse(release)
    const begun = async () => (await shop.tools.store.operations({ app: APP, unfinished: true })).length > 0
    await vi.waitUntil(begun, { timeout: 30_000, interval: 20 })
    await appendFile(join(world.project.directory, ".env"), "ADDED_MEANWHILE=1\n")

    const rehearsal = await running

    before = await stateOfShop(world.project)
    expect(rehearsal.passed).toBe(true)
    expect((await plan(release)).rehearsal).toBeNull()
    await expectUntouched(rehearsal)
  })

  step("of a failing pre-flight ends there, in its own words", async () => {
    const rehearsal = await rehearse(await releaseOf("1.0.1"))

    expect(rehearsal).toMatchObject({ passed: false, migrateMs: null })
    expect(rehearsal.why).toMatch(/^pre-flight \(node app\.mjs pre-flight\) ended with exit code 1:\n/)
    expect(rehearsal.why).toContain("this version needs a setting that is not there")
    await expectUntouched(rehearsal)
  })

  step("of a migration that never ends gives up in bounded time", async () => {
    const rehearsal = await rehearse(await releaseOf("1.0.3"), 5000)

    expect(rehearsal.passed).toBe(false)
    expect(rehearsal.migrateMs).toBeGreaterThanOrEqual(30_000)
    await expectUntouched(rehearsal)
  })

  step("of a version that is never well tells the check that failed and the log", async () => {
    const rehearsal = await rehearse(await releaseOf("1.0.4"), 5000)

    expect(rehearsal.passed).toBe(false)
    expect(rehearsal.why).toMatch(/health: .*; last lines of web/s)
    await expectUntouched(rehearsal)
  })

  step("is not planned on top of a run that was interrupted", async () => {
    const { store, host } = shop.tools
    const holder = { ...host.self("holdfast backup shop"), processStart: "0" }
    await store.createOperation({ id: "interrupted", kind: "backup", app: APP, holder, plan: null, startedAt: new Date() })

    const refused = await refusal(plan(await releaseOf("1.1.0")))

    const end = { finishedAt: new Date(), outcome: "failed" as const, errorCode: null, message: null, result: null }
    await store.finishOperation("interrupted", end)
    expect(refused).toMatchObject({
      code: "OPERATION_UNSETTLED",
      what: "operation interrupted (backup of shop) was interrupted and is not settled",
    })
  })

  step("is asked for neither by what is older nor by what runs already", async () => {
    const release = await releaseOf("1.1.0")
    const older = await refusal(plan({ ...release, version: "0.9.0" }))
    expect(older).toEqual({
      code: "UPDATE_DOWNGRADE",
      what: "0.9.0 is older than 1.0.0, which runs now",
      why: "an older program may not read what a newer one has migrated",
    })
    const drifted = await refusal(planAfterDrift(release))
    expect(drifted.code).toBe("DRIFT_FOUND")
  })

  /** Somebody stops a service's container and removes it. */
  async function planAfterDrift(release: InstallableRelease): Promise<UpdatePlan> {
    await world.project.cli("rm", "--stop", "--force", "worker")
    try {
      return await plan(release)
    } finally {
      await world.project.cli("up", "--detach")
    }
  }
}
