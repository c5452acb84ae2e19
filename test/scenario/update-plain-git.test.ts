/** Updates of a plain program that is built from its vendor's repository, each version in a directory of its own: refused, cut off, applied, taken back without a rebuild. */
import { chmod, chown, readdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { freeSpaceOutput } from "../../src/contract/output-host.ts"
import { rollbackOutput, updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { processesNaming } from "../crash/invariants.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { createRepository, type TestRepository } from "../fixture/git-repository.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { APP, makePlainApp, type PlainApp, type PlainState } from "../fixture/plain-app/plain-app.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { startNumberWriter } from "../fixture/versioned-app/writer.ts"
import { storySteps } from "./story.ts"

const NOBODY_GOES_BACK = "built for an update; nothing runs from it or goes back to it"

const PLAIN_APP = join(import.meta.dirname, "../fixture/plain-app")

/** Owns the directory of versions, and nothing else. */
const BUILDER = 65_534

describeNeeding(
  "root",
  "restic",
  "git",
)("an update of a plain program that is built from source", () => {
  const step = storySteps()
  let directory = ""
  let app: PlainApp
  let vendor: TestRepository
  let original: PlainState
  let source: Readonly<Record<string, string>> = {}

  /** A commit that is tagged as the version; what it builds is made of facts that are in it. */
  const publish = (version: string, schema: number, build = ""): string => {
    const facts = JSON.stringify({ version, schema, trouble: null })
    const script = `set -e\n${build}\ncp facts.json version.json\nid -u > built-by\npwd > built-in\n`
    const commit = vendor.commit(`Release ${version}`, { ...source, "facts.json": facts, "build.sh": script })
    vendor.git("tag", `v${version}`)
    return commit
  }
  const versions = async (): Promise<readonly string[]> => (await readdir(join(app.folder, "releases"))).toSorted()
  const settle = async (change: (updates: Record<string, unknown>) => void): Promise<void> => {
    const path = join(directory, "holdfast.yaml")
    const settings: { apps: Record<string, { updates: Record<string, unknown> }> } = JSON.parse(await readFile(path, "utf8"))
    change(settings.apps[APP]?.updates ?? {})
    await writeFile(path, JSON.stringify(settings, null, 2))
  }

  beforeAll(async () => {
    directory = await newDirectory("update-plain-git")
    const read = async (file: string): Promise<string> => await readFile(join(PLAIN_APP, file), "utf8")
    source = { "program.ts": await read("program.ts"), "background.ts": await read("background.ts") }
    vendor = createRepository(join(directory, "vendor"))
    publish("1.0.0", 1)
    app = await makePlainApp(directory, { source: "git", url: vendor.url })
    await settle((updates) => Object.assign(updates["install"] ?? {}, { build: ["sh", "build.sh"] }))
    await chown(join(app.folder, "releases"), BUILDER, BUILDER)
    await chmod(directory, 0o755)
    for (let number = 1; number <= 12; number += 1) await app.addEntry("before", number)
    await app.cli.json(backupOutput, ["backup", APP])
    await app.cli.json(drillOutput, ["drill", APP, "--level", "restored"])
    original = await app.state()
  })

  afterAll(async () => {
    await app?.call("stop")
    await removeTree(directory)
  })

  step("knows the running commit by the tag that its directory is named by", async () => {
    expect(await app.cli.json(updatePlanOutput, ["update", "plan", APP])).toMatchObject({ running: "1.0.0", plan: null })
  })

  step("whose build fails ends with the builder's words, and leaves nothing behind", async () => {
    publish("1.0.1", 1, "echo there is no compiler >&2; exit 3")

    const error = await app.cli.error("update", "apply", APP, "--yes")

    expect(error).toMatchObject({ code: "UPDATE_BUILD_FAILED", what: "1.0.1 could not be built" })
    expect(error.why).toBe("sh build.sh ended with exit code 3:\nthere is no compiler")
    expect(await versions()).toEqual(["1.0.0"])
    expect(await app.state()).toEqual(original)
  })

  step("that is killed while it builds leaves the app as it is, and the builder does not go on", async () => {
    publish("1.1.0", 2, `while [ ! -e ${app.folder}/go ]; do sleep 0.1; done`)
    const killed = app.cli.start("update", "apply", APP, "--yes")
    await waitFor(async () => (await processesNaming("build.sh")).length > 0)
    killed.kill("SIGKILL")
    await killed.done

    await app.cli.run("points", APP)

    await waitFor(async () => (await processesNaming("build.sh")).length === 0)
    expect(await app.state()).toEqual(original)
    expect(await versions()).toEqual([".holdfast-building-v1.1.0", "1.0.0", "v1.1.0"])
    await writeFile(join(app.folder, "go"), "")
    // A builder may write there, so its names are not believed: this one would mean the app itself.
    await writeFile(join(app.folder, "releases/.holdfast-building-.."), "")
  })

  step("is then built anew, as the owner of the versions, and applied under a writer: nothing that was acknowledged is lost", async () => {
    const writer = startNumberWriter(app)
    await writer.wait(20)

    const { applied } = await app.cli.json(updateOutput, ["update", "apply", APP, "--yes"])
    await writer.wait(10)
    await writer.stop()

    expect(applied).toMatchObject([{ outcome: "applied", from: "1.0.0", to: "1.1.0" }])
    expect(await app.health()).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
    expect(await readlink(join(app.folder, "current"))).toBe("releases/v1.1.0")
    const there = new Set(app.numbers(writer.name))
    expect(writer.acknowledged.filter((number) => !there.has(number))).toEqual([])
    const built = join(app.folder, "releases/v1.1.0")
    expect(await readFile(join(built, "built-by"), "utf8")).toBe(`${BUILDER}\n`)
    expect(await readFile(join(built, "built-in"), "utf8")).toBe(`${built}\n`)
    expect(await versions()).toEqual(["1.0.0", "v1.1.0"])
  })

  step("is taken back by hand without a rebuild, with the repository gone", async () => {
    await rename(vendor.directory, `${vendor.directory}.gone`)
    await rm(join(directory, "state/sources"), { recursive: true })

    await app.cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])

    expect(await readlink(join(app.folder, "current"))).toBe("releases/1.0.0")
    expect(await app.health()).toEqual({ status: "ok", version: "1.0.0", schema: 1 })
    await rename(`${vendor.directory}.gone`, vendor.directory)
  })

  step("is no more needed then: what was built for it is named with its size, and goes when somebody agrees", async () => {
    const built = join(app.folder, "releases/v1.1.0")

    const { items } = await app.cli.json(freeSpaceOutput, ["doctor", APP, "--free-space", "--plan"])

    const versionsBuilt = items.filter(({ kind }) => kind === "built-version")
    expect(versionsBuilt).toMatchObject([{ subject: built, remove: true, why: NOBODY_GOES_BACK }])
    expect(versionsBuilt[0]?.sizeBytes).toBeGreaterThan(4000)
    expect(await versions()).toEqual(["1.0.0", "v1.1.0"])
    expect((await app.cli.json(freeSpaceOutput, ["doctor", APP, "--free-space", "--yes"])).removed).toContain(built)
    expect(await versions()).toEqual(["1.0.0"])
    expect(await app.health()).toEqual({ status: "ok", version: "1.0.0", schema: 1 })
  })

  step("follows a branch as well: a commit is a version, and what Holdfast built says which it is", async () => {
    await settle((updates) => Object.assign(updates, { branch: "main" }))
    const tip = publish("1.2.0", 2)

    const { plan } = await app.cli.json(updatePlanOutput, ["update", "plan", APP])

    expect(plan?.to).toMatchObject({ version: `main@${tip.slice(0, 12)}`, foundIn: "git" })
    expect(plan?.edits[0]?.diff).toContain(`-releases/1.0.0\n+releases/${tip.slice(0, 12)}`)
    expect(plan?.to.notes).toContain("Release 1.2.0")
  })

  step("keeps the version before as long as a rollback leads to it", async () => {
    await app.cli.json(updateOutput, ["update", "apply", APP, "--yes"])
    const before = (await readlink(join(app.folder, "current"))).replace("releases/", "")
    publish("1.3.0", 2)
    await app.cli.json(updateOutput, ["update", "apply", APP, "--yes"])
    const now = await versions()

    const { items } = await app.cli.json(freeSpaceOutput, ["doctor", APP, "--free-space", "--plan"])

    const versionsBuilt = items.filter(({ kind }) => kind === "built-version")
    expect(versionsBuilt).toMatchObject([{ subject: join(app.folder, "releases", before), remove: false }])
    expect(versionsBuilt[0]?.why).toMatch(/^`update rollback` goes back to it until 20\S+; released after that$/)
    await app.cli.run("doctor", APP, "--free-space", "--yes")
    expect(await versions()).toEqual(now)
  })
})
