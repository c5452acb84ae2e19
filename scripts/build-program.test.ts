import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { newDirectory, removeTree } from "../test/fixture/tmp.ts"

const root = join(import.meta.dirname, "..")

describe("the program as a bundle", () => {
  let place = ""

  /** Launcher, bundle, recipes and a Node: what the image holds, and no packages. */
  beforeAll(async () => {
    place = await newDirectory("bundle")
    execFileSync(process.execPath, [join(root, "scripts/build-program.ts"), join(place, "dist")], { stdio: "ignore" })
    copyFileSync(join(root, "holdfast"), join(place, "holdfast"))
    symlinkSync(join(root, "recipes"), join(place, "recipes"))
    mkdirSync(join(place, "node_modules/node/bin"), { recursive: true })
    symlinkSync(realpathSync(process.execPath), join(place, "node_modules/node/bin/node"))
  })
  afterAll(async () => await removeTree(place))

  const run = (...words: readonly string[]) =>
    spawnSync(join(place, "holdfast"), words, {
      cwd: place,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: place, HOLDFAST_STATE_DIR: join(place, "state") },
    })

  it("protects and proves an SQLite app, and looks at Docker, without any package beside it", () => {
    const database = new DatabaseSync(join(place, "app.db"))
    database.exec("create table note (text); insert into note values ('one'), ('two')")
    database.close()
    writeFileSync(
      join(place, "holdfast.yaml"),
      `vaults: { local: { path: ${place}/vault } }\napps: { notes: { databases: { main: { sqlite: ${place}/app.db } } } }\n`,
    )

    const taken = run("backup", "notes")
    const drilled = run("drill", "notes")
    const doctor = run("doctor", "--json")

    expect(taken.status, taken.stderr).toBe(0)
    expect(drilled.status, drilled.stderr).toBe(0)
    expect(drilled.stdout).toContain("2 rows in 1 table, as captured")
    // Finds what it finds; a bug would be told as one.
    expect(doctor.stdout + doctor.stderr).not.toContain("This is a bug")
  })

  it("is left aside as soon as a source is newer", () => {
    mkdirSync(join(place, "src"))
    writeFileSync(join(place, "package-lock.json"), "{}")
    utimesSync(join(place, "package-lock.json"), new Date(0), new Date(0))
    try {
      const newer = run("points", "--help")
      utimesSync(join(place, "src"), new Date(0), new Date(0))
      const older = run("points", "--help")

      expect(newer.stderr).toContain("Holdfast's packages are not installed")
      expect(older.status, older.stderr).toBe(0)
    } finally {
      rmSync(join(place, "src"), { recursive: true })
    }
  })
})
