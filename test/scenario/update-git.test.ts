/** Updates of an app that is built from a clone of its vendor's repository: planned, refused, applied under a writer, taken back without a rebuild. */
import { appendFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { rollbackOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startNumberWriter } from "../fixture/versioned-app/writer.ts"
import { gitWorld, type GitWorld } from "./git-world.ts"
import { storySteps } from "./story.ts"
import { applied, expectAllAcknowledged, expectNothingOfOurs, fileOf, poisonLive, refused } from "./update-checks.ts"
import { APP, stateOfShop, untilStepBegun, type ShopState } from "./update-world.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "git",
)("an update of an app that is built from source", () => {
  useDocker(["holdfast-test/versioned-app", "holdfast-test/busybox"])
  const step = storySteps()

  let world: GitWorld
  let original: ShopState
  let running = ""

  beforeAll(async () => {
    world = await gitWorld()
    const id = (await world.cli.json(backupOutput, ["backup"])).point?.id
    expect(await world.cli.json(drillOutput, ["drill", "--level", "restored"])).toMatchObject({ point: id, passed: true })
    original = await stateOfShop(world.project)
    running = world.checkout.git("rev-parse", "HEAD")
  })

  afterAll(async () => {
    await world?.dispose()
  })

  /** The checkout, with what git thinks of it, and everything that runs from it. */
  const expectAsBefore = async (state: ShopState, head: string): Promise<void> => {
    await world.project.waitHealthy()
    expect(await stateOfShop(world.project)).toEqual(state)
    expect(world.checkout.git("rev-parse", "HEAD")).toBe(head)
    expect(world.checkout.git("symbolic-ref", "HEAD")).toBe("refs/heads/main")
    expect(world.checkout.git("status", "--porcelain", "--untracked-files=no")).toBe("")
    await expectNothingOfOurs(world)
  }

  step("whose build fails ends with the builder's words, and nothing was touched", async () => {
    const commit = world.publish("1.0.14", { dockerfile: "RUN echo this cannot be built && exit 3\n" })

    const error = await refused(world, "UPDATE_BUILD_FAILED", "update", "apply", APP, "--yes")

    expect(error.why).toContain("this cannot be built")
    expect(commit).not.toBe(running)
    await expectAsBefore(original, running)
  })

  step("is refused while tracked files were changed here, by their names", async () => {
    const compose = await fileOf(world.project, "compose.yml")
    await appendFile(join(world.project.directory, "compose.yml"), "# by hand\n")

    const error = await refused(world, "CHECKOUT_REFUSED", "update", "plan", APP)

    expect(error.why).toBe("compose.yml")
    await writeFile(join(world.project.directory, "compose.yml"), compose)
    await expectAsBefore(original, running)
  })

  step("is refused where the new commit changes more than what is built here", async () => {
    const compose = await fileOf(world.project, "compose.yml")
    world.publish("1.0.14", {
      files: { "compose.yml": compose.replace("data:/data", "elsewhere:/data").replace("\n  data:\n", "\n  data:\n  elsewhere:\n") },
    })

    const error = await refused(world, "PIN_REFUSED", "update", "plan", APP)

    expect(error.why).toBe("it changes volumes of web, volumes of the project")
    await expectAsBefore(original, running)
  })

  step("whose migration fails on the live data goes back by itself: rows, images and checkout", async () => {
    world.publish("1.0.5")
    await poisonLive(world, "1.0.5")
    const before = await stateOfShop(world.project)

    await refused(world, "UPDATE_ROLLED_BACK", "update", "apply", APP, "--yes")

    await expectAsBefore(before, running)
  })

  step("is planned with its commits and what its changelog adds", async () => {
    const compose = (await fileOf(world.project, "compose.yml")).replace("    environment:\n", "    environment:\n      FROM_COMMIT: new\n")
    const commit = world.publish("1.1.0", { files: { "compose.yml": compose } })

    const { plan } = await world.cli.json(updatePlanOutput, ["update", "plan", APP])

    expect(plan).toMatchObject({
      from: { version: `main@${running.slice(0, 12)}` },
      to: { version: `main@${commit.slice(0, 12)}`, foundIn: "git", built: { root: world.project.directory, from: running, to: commit } },
      services: ["web", "worker"],
    })
    expect(plan?.edits.map(({ path }) => path)).toEqual([join(world.project.directory, "compose.yml")])
    expect(plan?.edits[0]?.diff).toContain("+      FROM_COMMIT: new\n")
    expect(plan?.to.notes).toContain("Tags, and the length of every entry.\n")
    expect(plan?.to.notes).toContain(`4 commits:\n${commit.slice(0, 12)} 2026-03-01 Ada Vendor: Release 1.1.0\n`)
  })

  step("that is killed while it is put in place is settled to one of the two versions, checkout and containers alike", async () => {
    const started = world.cli.start("update", "apply", APP, "--yes")
    await untilStepBegun(world, "update", "pin")
    started.kill("SIGKILL")
    await started.done

    await world.cli.run("update", "check", APP)

    await world.project.waitHealthy()
    const head = world.checkout.git("rev-parse", "HEAD")
    const version = head === running ? "1.0.0" : "1.1.0"
    expect((await world.project.health())?.body.version).toBe(version)
    expect(await fileOf(world.project, "Dockerfile")).toContain(`APP_VERSION=${version} `)
    expect(world.checkout.git("status", "--porcelain", "--untracked-files=no")).toBe("")
    if (head !== running) await world.cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])
    expect(world.checkout.git("rev-parse", "HEAD")).toBe(running)
  })

  step("is applied under a writer: nothing that was acknowledged is lost, and the checkout moved along", async () => {
    const writer = startNumberWriter(world.project)
    await writer.wait(20)

    const [report] = await applied(world, "--again")
    await writer.wait(10)
    await writer.stop()

    const head = world.vendor.git("rev-parse", "main")
    expect(report).toMatchObject({ outcome: "applied", to: `main@${head.slice(0, 12)}` })
    expect((await world.project.health())?.body).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
    expect(world.checkout.git("rev-parse", "HEAD")).toBe(head)
    expect(world.checkout.git("status", "--porcelain", "--untracked-files=no")).toBe("")
    expect(await world.project.docker("exec", `${world.project.name}-web-1`, "printenv", "FROM_COMMIT")).toBe("new\n")
    await expectAllAcknowledged(world.project, writer)
    await expectNothingOfOurs(world)
  })

  step("is taken back with the very images of before, though the repository is gone", async () => {
    await world.loseRemote()

    await world.cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])

    await world.project.waitHealthy()
    const { services, configuration } = await stateOfShop(world.project)
    expect({ services, configuration }).toEqual({ services: original.services, configuration: original.configuration })
    expect((await world.project.health())?.body).toEqual({ status: "ok", version: "1.0.0", schema: 1 })
    expect(world.checkout.git("rev-parse", "HEAD")).toBe(running)
  })
})
