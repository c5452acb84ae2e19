import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { createHostIdentity } from "./host.ts"
import { openRunDirectory, removeDeadRuns } from "./run-directory.ts"

const host = createHostIdentity({ hostName: "here", processId: process.pid })

it("is private, ours alone, and gone when it is removed", async () => {
  const parent = await temporaryDirectory("run")
  const run = await openRunDirectory(parent, host)
  expect(statSync(run.path).mode & 0o777).toBe(0o700)
  await run.remove()
  await run.remove()
  expect(readdirSync(parent)).toEqual([])
})

it("takes with it what a killed run left, and nothing of a living one, of another host, or of an operation", async () => {
  const parent = await temporaryDirectory("run")
  const own = await openRunDirectory(parent, host)
  writeFileSync(join(own.path, "pipe"), "")
  const dead = own.path.replace(/run_\d+_\d+_/, "run_4194304_1_")
  const elsewhere = dead.replace(/_[^_]+$/, `_${Buffer.from("elsewhere").toString("base64url")}`)
  for (const path of [dead, elsewhere, join(parent, "20260419t120000-3f9a1c")]) {
    mkdirSync(path)
    writeFileSync(join(path, "secret"), "canary")
  }
  await openRunDirectory(parent, host)
  expect(existsSync(dead)).toBe(false)
  expect(readdirSync(parent).toSorted()).toEqual([basename(elsewhere), basename(own.path), "20260419t120000-3f9a1c"].toSorted())
  expect(existsSync(join(own.path, "pipe"))).toBe(true)
})

it("has nothing to clean up where no run has been yet", async () => {
  await removeDeadRuns(join(await temporaryDirectory("run"), "scratch"), host)
})
