/** SIGKILL at every journaled step of a copy: afterwards each point in the target is whole or absent, and the next copy brings the rest. */
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { copyOutput } from "../../src/contract/output-copy.ts"
import { backupOutput, pointsOutput, verifyOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import type { CrashWorld, ReachedPoint } from "./harness.ts"
import { expectNoLeftovers, expectNothingUnfinished, processesNaming } from "./invariants.ts"
import { walk } from "./matrix.ts"
import { makePlainApp, saveWorld, type PlainPlace, type SavedWorld } from "./plain-world.ts"

let directory = ""
let place: PlainPlace
let world: SavedWorld
/** Oldest first; the first one is in the target before the copy that is killed. */
const points: string[] = []

beforeAll(async () => {
  directory = await newDirectory("crash-copy")
  place = await makePlainApp(directory, { vaults: { local: { path: "./vault" }, offsite: { path: "./offsite" } } })
  for (const word of ["one", "two", "three"]) {
    await place.change(word)
    points.push((await place.cli.json(backupOutput, ["backup"])).point?.id ?? "")
  }
  await place.cli.json(copyOutput, ["copy", "chat", "--to", "offsite", "--point", points[0] ?? ""])
  expect((await place.cli.run("pin", "chat", points[1] ?? "")).exitCode).toBe(0)
  world = await saveWorld(directory)
})

afterAll(async () => {
  await removeTree(directory)
  await world.dispose()
})

async function prepare(): Promise<CrashWorld> {
  await world.reset()
  const environment = { HOLDFAST_STATE_DIR: join(directory, "state") }
  const words = ["copy", "chat", "--to", "offsite"]
  return { directory, words, settleWords: ["points", "chat"], environment, dispose: async () => await Promise.resolve() }
}

/** What the target lists, oldest first. */
async function inTarget(): Promise<readonly string[]> {
  return (await place.cli.json(pointsOutput, ["points", "chat", "--vault", "offsite"])).points.map((point) => point.id).toReversed()
}

/** Its newest point reads back to the last byte, and the chain of the target is whole. */
async function expectTargetWhole(ids: readonly string[]): Promise<void> {
  const newest = ids.at(-1) ?? ""
  expect(await place.cli.json(verifyOutput, ["verify", "chat", newest, "--vault", "offsite"])).toMatchObject({
    point: newest,
    level: "read",
  })
}

async function check(killedAt: ReachedPoint | null): Promise<void> {
  expectNothingUnfinished(join(directory, "state"))
  expect(await processesNaming(directory)).toEqual([])
  await expectNoLeftovers(directory, { keptAllowed: false })
  const ids = await inTarget()
  expect(points).toEqual(expect.arrayContaining([...ids]))
  await expectTargetWhole(ids)
  if (killedAt === null) expect(ids).toEqual(points)
  else {
    const again = await place.cli.json(copyOutput, ["copy", "chat", "--to", "offsite"])
    expect(again.copied.toSorted()).toEqual(points.filter((id) => !ids.includes(id)))
    expect(await inTarget()).toEqual(points)
    await expectTargetWhole(points)
  }
}

describeNeeding("restic")("a copy that is killed", () => {
  it("leaves each point in the target whole or absent, and the next copy brings the rest", async () => {
    await walk("copy of a plain program's points", { prepare, check: async (_world, killedAt) => await check(killedAt) }, [
      "copy-parts",
      "announce",
      "copy-manifests",
      "list-points",
      "carry-pins",
    ])
  })
})
