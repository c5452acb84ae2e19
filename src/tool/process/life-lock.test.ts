import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { lifeLocks } from "./life-lock.ts"

let directory = ""

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "holdfast-alive-")), "alive")
})

afterEach(async () => {
  await rm(join(directory, ".."), { recursive: true, force: true })
})

/** Another process that keeps a lock until it is killed. */
async function keeper(name: string) {
  const program = `import { lifeLocks } from ${JSON.stringify(join(import.meta.dirname, "life-lock.ts"))}
    lifeLocks(${JSON.stringify(directory)}).keep(${JSON.stringify(name)})
    console.log("kept")
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "-e", program])
  await once(child.stdout, "data")
  return child
}

it("is kept as long as its process lives, and free when that is killed", async () => {
  const child = await keeper("one")
  expect(lifeLocks(directory).look("one")).toBe("kept")

  child.kill("SIGKILL")
  await once(child, "exit")

  expect(lifeLocks(directory).look("one")).toBe("free")
})

it("says nothing of a name that nobody ever kept", () => {
  expect(lifeLocks(directory).look("nobody")).toBe("absent")
})

it("is not let go by looking at one's own, however often", async () => {
  const own = lifeLocks(directory)
  own.keep("own")
  own.keep("own")
  expect([own.look("own"), own.look("own")]).toEqual(["kept", "kept"])
  const program = `import { lifeLocks } from ${JSON.stringify(join(import.meta.dirname, "life-lock.ts"))}
    console.log(lifeLocks(${JSON.stringify(directory)}).look("own"))`
  const other = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "-e", program])
  const [said]: unknown[] = await once(other.stdout, "data")
  expect(String(said)).toBe("kept\n")
})

it("forgets what was let go a long time ago, and nothing that is kept", async () => {
  const child = await keeper("old-and-alive")
  await writeFile(join(directory, "old"), "")
  await writeFile(join(directory, "young"), "")
  const longAgo = new Date(Date.now() - 100 * 24 * 60 * 60_000)
  for (const name of ["old-and-alive", "old"]) await utimes(join(directory, name), longAgo, longAgo)

  lifeLocks(directory).keep("new")

  expect((await readdir(directory)).toSorted()).toEqual(["new", "old-and-alive", "young"])
  child.kill("SIGKILL")
  await once(child, "exit")
})
