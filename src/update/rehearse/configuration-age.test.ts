import { mkdir, rename, stat, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { newDirectory, removeTree } from "../../../test/fixture/tmp.ts"
import { configurationChangedAt } from "./configuration-age.ts"

describe("the last change of an app's configuration", () => {
  let directory = ""

  beforeEach(async () => {
    directory = await newDirectory("configuration")
    await mkdir(join(directory, "secrets/deep"), { recursive: true })
    for (const name of ["compose.yml", ".env", "secrets/deep/token"]) await writeFile(join(directory, name), name)
  })

  afterEach(async () => await removeTree(directory))

  const changedAt = async (): Promise<number | null> =>
    (
      await configurationChangedAt({
        configuration: [join(directory, "compose.yml")],
        secrets: [join(directory, ".env"), join(directory, "secrets")],
      })
    )?.getTime() ?? null

  async function changeOf(name: string): Promise<number> {
    return Math.trunc((await stat(join(directory, name))).ctimeMs)
  }

  /** The clock of a file system moves in steps of some milliseconds. */
  async function aMomentLater(): Promise<void> {
    const before = (await changedAt()) ?? 0
    const probe = join(directory, "probe")
    for (;;) {
      await writeFile(probe, "")
      if ((await stat(probe)).ctimeMs >= before + 1) return
    }
  }

  it("is that of the file which was written last, however deep it lies", async () => {
    for (const name of ["compose.yml", ".env", "secrets/deep/token"]) {
      await aMomentLater()
      await writeFile(join(directory, name), "again")
      expect(await changedAt()).toBe(await changeOf(name))
    }
  })

  it("cannot be set back: neither by an older file in its place nor by another date", async () => {
    const before = (await changedAt()) ?? 0
    await aMomentLater()
    await writeFile(join(directory, "old"), "old")
    await utimes(join(directory, "old"), new Date(0), new Date(0))
    await rename(join(directory, "old"), join(directory, ".env"))
    expect(await changedAt()).toBeGreaterThan(before)
  })

  it("sees what was taken away from a directory", async () => {
    const before = (await changedAt()) ?? 0
    await aMomentLater()
    await removeTree(join(directory, "secrets/deep"))
    expect(await changedAt()).toBeGreaterThan(before)
  })

  it("is none where there is none, and what is missing is passed over", async () => {
    expect(await configurationChangedAt({ configuration: [], secrets: [] })).toBeNull()
    expect(await configurationChangedAt({ configuration: [join(directory, "nothing")], secrets: [] })).toBeNull()
  })
})
