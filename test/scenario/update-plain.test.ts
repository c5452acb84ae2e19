/** Updates of a plain program without containers: a real migration under a writer, every way in which one fails, and the way back. */
import { readdir, readlink, rename } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { backupOutput, drillOutput } from "../../src/contract/output.ts"
import { rollbackOutput, rollbackPlanOutput, updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { APP, makePlainApp, type PlainApp, type PlainState, type Trouble } from "../fixture/plain-app/plain-app.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { startNumberWriter, type NumberWriter } from "../fixture/versioned-app/writer.ts"
import { storySteps } from "./story.ts"

describeNeeding("root", "restic")("an update of a plain program", () => {
  const step = storySteps()
  let app: PlainApp
  let original: PlainState

  beforeAll(async () => {
    app = await makePlainApp(await newDirectory("update-plain"))
    for (let number = 1; number <= 12; number += 1) await app.addEntry("before", number)
    await app.cli.json(backupOutput, ["backup", APP])
    await app.cli.json(drillOutput, ["drill", APP, "--level", "restored"])
    original = await app.state()
  })

  afterAll(async () => {
    if (app === undefined) return
    await app.call("stop")
    await removeTree(app.directory)
  })

  const refused = async (version: string, schema: number, trouble: Trouble, code: string): Promise<string> => {
    await app.publish(version, schema, trouble)
    const error = await app.cli.error("update", "apply", APP, "--yes")
    expect(error.code, JSON.stringify(error, null, 2)).toBe(code)
    return `${error.what}: ${error.why ?? ""}`
  }

  const expectAsBefore = async (): Promise<void> => {
    expect(await app.state()).toEqual(original)
    expect(await besides(app)).toEqual([])
  }

  step("is planned: where the link will lead, on which proof, what is not rehearsed", async () => {
    await app.publish("1.0.1", 1)

    const { plan, running } = await app.cli.json(updatePlanOutput, ["update", "plan", APP])

    expect(running).toBe("1.0.0")
    expect(plan).toMatchObject({
      from: { version: "1.0.0" },
      to: { version: "1.0.1", foundIn: "directories", images: {} },
      services: [],
      stops: ["run.stop"],
      databases: [{ name: "main", way: "clone" }],
      rehearsal: null,
      predictedDowntimeMs: null,
    })
    expect(plan?.edits).toMatchObject([{ path: join(app.folder, "current") }])
    expect(plan?.edits[0]?.diff).toContain("-releases/1.0.0\n+releases/1.0.1")
    expect(plan?.warnings.join()).toContain("the program itself is started for the first time when it goes live")
    await removeTree(join(app.folder, "releases/1.0.1"))
    await expectAsBefore()
  })

  step("whose pre-flight says no leaves the app as it is", async () => {
    expect(await refused("1.0.2", 1, "check", "UPDATE_REHEARSAL_FAILED")).toContain("this machine is too small")
    await expectAsBefore()
  })

  step("whose migration fails on the copy leaves the app as it is", async () => {
    expect(await refused("1.0.3", 2, "migration", "UPDATE_REHEARSAL_FAILED")).toContain("a row cannot be migrated")
    await expectAsBefore()
  })

  step("whose migration would write the live data fails its rehearsal, and the live data is not written", async () => {
    expect(await refused("1.0.4", 2, "writes live", "UPDATE_REHEARSAL_FAILED")).toMatch(/readonly|read-only|unable to open/)
    await expectAsBefore()
  })

  step("whose migration fails live gives back rows, files and link", async () => {
    expect(await refused("1.0.5", 2, "live migration", "UPDATE_ROLLED_BACK")).toContain("a row cannot be migrated")
    await expectAsBefore()
  })

  step("that is not well after its start is taken back; what it wrote is counted and lies beside", async () => {
    await app.publish("1.0.6", 2, "health")

    const error = await app.cli.error("update", "apply", APP, "--yes")

    expect(error.code, JSON.stringify(error, null, 2)).toBe("UPDATE_ROLLED_BACK")
    expect(error.what).toContain("1 row that the new version had written are kept beside")
    await expectAsBefore()
    expect((await readdir(join(app.folder, "data"))).some((name) => name.includes("holdfast-failed"))).toBe(true)
  })

  let writer: NumberWriter
  let beforeStop: readonly number[] = []

  step("is applied under a writer: nothing that was acknowledged is lost", async () => {
    await app.publish("1.1.0", 2)
    writer = startNumberWriter(app)
    await writer.wait(20)

    const { applied } = await app.cli.json(updateOutput, ["update", "apply", APP, "--yes"])
    await writer.wait(10)
    await writer.stop()

    expect(applied).toMatchObject([{ outcome: "applied", from: "1.0.0", to: "1.1.0" }])
    expect(applied[0]?.safetyPoint).not.toBeNull()
    expect(await app.health()).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
    expect(await readlink(join(app.folder, "current"))).toBe("releases/1.1.0")
    const there = new Set(app.numbers(writer.name))
    expect(writer.acknowledged.filter((number) => !there.has(number))).toEqual([])
    const uploads = await readdir(join(app.folder, "uploads"))
    expect(writer.uploads.filter((name) => !uploads.includes(name))).toEqual([])
    expect(uploads).toContain("migrated.txt")
    expect(await besides(app)).toEqual([])
    beforeStop = acknowledgedBeforeTheStop(writer)
  })

  step("is followed by the next one only when there is one", async () => {
    const { plan } = await app.cli.json(updatePlanOutput, ["update", "plan", APP])

    expect(plan).toBeNull()
  })

  step("is not taken back while the version before is not there", async () => {
    const [old, away] = ["1.0.0", ".1.0.0"].map((name) => join(app.folder, "releases", name))
    await rename(old ?? "", away ?? "")

    const error = await app.cli.error("update", "rollback", APP, "--yes")

    expect(error).toMatchObject({ code: "SOURCE_MISSING", what: `${old}, the directory of the version before, is not there` })
    await rename(away ?? "", old ?? "")
    expect(await app.health()).toEqual({ status: "ok", version: "1.1.0", schema: 2 })
  })

  step("is taken back by hand: link, rows and files of the stop are live, what came since is counted", async () => {
    for (let number = 100; number < 105; number += 1) await app.addEntry("since", number)
    const { plan } = await app.cli.json(rollbackPlanOutput, ["update", "rollback", APP, "--plan"])
    expect(plan.files).toEqual([join(app.folder, "current")])
    expect(plan.rowsLost.find(({ table }) => table === "entries")?.rows).toBeGreaterThanOrEqual(5)

    const report = await app.cli.json(rollbackOutput, ["update", "rollback", APP, "--yes"])

    expect(report).toMatchObject({ from: "1.1.0", to: "1.0.0" })
    expect(await app.health()).toEqual({ status: "ok", version: "1.0.0", schema: 1 })
    expect(await readlink(join(app.folder, "current"))).toBe("releases/1.0.0")
    expect(app.numbers("since")).toEqual([])
    expect(app.numbers("before")).toHaveLength(12)
    expect(beforeStop.length).toBeGreaterThan(10)
    const there = new Set(app.numbers(writer.name))
    expect(beforeStop.filter((number) => !there.has(number))).toEqual([])
    expect(there.size).toBeLessThan(writer.acknowledged.length)
    expect(await readdir(join(app.folder, "uploads"))).not.toContain("migrated.txt")
    // Versions are the operator's: none was taken away.
    expect(await readdir(join(app.folder, "releases"))).toEqual(expect.arrayContaining(["1.0.0", "1.1.0"]))
    expect(await besides(app)).toEqual([])
  })
})

/** The app is away once: whatever was acknowledged before the longest silence. */
function acknowledgedBeforeTheStop({ acknowledged, acknowledgedAt }: NumberWriter): readonly number[] {
  const silences = acknowledgedAt.slice(1).map((at, index) => at - (acknowledgedAt[index] ?? at))
  return acknowledged.slice(0, silences.indexOf(Math.max(...silences)) + 1)
}

/** What an update must not leave where the link and the versions are; what it keeps lies beside the data. */
async function besides(app: PlainApp): Promise<readonly string[]> {
  const names = [...(await readdir(app.folder)), ...(await readdir(join(app.folder, "releases")))]
  return names.filter((name) => name.includes("holdfast-link"))
}
