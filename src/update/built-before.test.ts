import { mkdir, readdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { exampleApp, exampleContext } from "../../test/fixture/example.ts"
import { exampleUpdates } from "../../test/fixture/example-updates.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { systemClock } from "../base/clock.ts"
import type { HostIdentity } from "../operation/operation.ts"
import type { OperationKind } from "../operation/ports.ts"
import { openSqliteStore } from "../tool/store/store.ts"
import { builtBefore } from "./built-before.ts"
import { removeBuilt } from "./place/build-directory.ts"

const AT = new Date("2026-04-19T12:00:00Z")
const host: HostIdentity = {
  self: (command) => ({ host: "vm", bootId: "b", processId: 1, processStart: "1", command }),
  isAlive: () => true,
}
const standstill = { graceSeconds: 1, byCommand: false, rested: [], services: [] }

/** A program that runs from `releases/running`, and versions beside it of which each was built from a commit. */
async function place(versions: readonly string[], running: string) {
  const directory = await temporaryDirectory("built-before")
  const install = { link: join(directory, "current"), releases: join(directory, "releases"), build: null, preFlight: null, migrate: null }
  for (const version of versions) {
    await mkdir(join(install.releases, version), { recursive: true })
    await writeFile(join(install.releases, version, "program"), version.repeat(2000))
    await writeFile(join(install.releases, version, ".holdfast-commit"), `${"c0ffee".padEnd(40, "0")}\n`)
  }
  await symlink(`releases/${running}`, install.link)
  const store = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
  onTestFinished(async () => await store.close())
  const app = exampleApp({ updates: { ...exampleUpdates, source: "git", install } })
  const preparedFor = (from: string, to: string) => ({
    from,
    to,
    hotPoint: "hot",
    replacements: [],
    coldDatabases: [],
    standstill,
    link: {
      live: install.link,
      staged: `${install.link}.staged`,
      from: `releases/${from}`,
      to: to.startsWith("/") ? to : `releases/${to}`,
    },
    services: [],
    jobs: [],
    wellBefore: true,
    vault: "local",
    safetyPoint: "safe",
  })
  const updated = async (id: string, from: string, to: string, kind: OperationKind = "update"): Promise<void> => {
    await store.createOperation({ id, kind, app: app.name, holder: host.self("test"), plan: null, startedAt: AT })
    await store.beginStep(id, { index: 0, name: "prepare", details: kind === "update" ? preparedFor(from, to) : "of another kind", at: AT })
  }
  const kept = async (operationId: string, from: string, to: string, more: { by?: string; releasedAt?: Date } = {}): Promise<void> => {
    const { by = "update", releasedAt = null } = more
    const details = { replacements: [], standstill, safetyPoint: "safe", point: "hot", wellBefore: true, by, needs: [] }
    const record = { ...details, more: by === "update" ? { prepared: preparedFor(from, to), trees: {} } : null }
    await store.putKept({ operationId, app: app.name, keptUntil: new Date("2026-04-20T00:00:00Z"), releasedAt, details: record })
  }
  const listed = async () => await builtBefore({ store }, app, exampleContext())
  return { app, install, store, updated, kept, listed }
}

describe("versions that updates built", () => {
  it("can go when nothing runs from them, with their size; the one that runs and the first one, which nobody built, are not named", async () => {
    const { install, updated, listed } = await place(["1.0.0", "1.1.0", "1.2.0"], "1.2.0")
    await updated("op1", "1.0.0", "1.1.0")
    await updated("op2", "1.1.0", "1.2.0")

    const versions = await listed()

    expect(versions).toMatchObject([{ subject: join(install.releases, "1.1.0"), remove: true }])
    expect(versions[0]?.why).toBe("built for an update; nothing runs from it or goes back to it")
    expect(versions[0]?.sizeBytes).toBeGreaterThanOrEqual(10_000)
  })

  it("stay as long as a rollback goes back to them, and not for what was released or is kept of a rollback", async () => {
    const { updated, kept, listed } = await place(["1.1.0", "1.2.0"], "1.2.0")
    await updated("op1", "1.0.0", "1.1.0")
    await kept("op2", "1.1.0", "1.2.0", { by: "rollback" })
    await kept("op3", "1.1.0", "1.2.0", { releasedAt: AT })
    expect(await listed()).toMatchObject([{ remove: true }])

    await kept("op4", "1.1.0", "1.2.0")

    expect(await listed()).toMatchObject([
      { remove: false, why: "`update rollback` goes back to it until 2026-04-20T00:00:00.000Z; released after that" },
    ])
  })

  it("are nothing else: what is not built, lies elsewhere, is hidden, or stands in the journal of another kind", async () => {
    const { install, updated, listed } = await place(["1.0.0", ".half", "nested/1.1.0", "1.3.0"], "1.0.0")
    await mkdir(join(install.releases, "by-hand"))
    const elsewhere = join(await temporaryDirectory("built-elsewhere"), "1.1.0")
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, ".holdfast-commit"), `${"a".repeat(40)}\n`)
    for (const [index, to] of ["by-hand", "gone", ".half", "nested/1.1.0", "..", ".", elsewhere].entries())
      await updated(`op${index}`, "1.0.0", to)
    await updated("other", "1.0.0", "1.3.0", "adopt")

    expect(await listed()).toEqual([])
  })

  it("are not looked for where updates come from elsewhere", async () => {
    const { install, store, updated } = await place(["1.1.0", "1.2.0"], "1.2.0")
    await updated("op1", "1.0.0", "1.1.0")
    const byHand = exampleApp({ updates: { ...exampleUpdates, source: "directories", install } })

    expect(await builtBefore({ store }, byHand, exampleContext())).toEqual([])
    expect(await builtBefore({ store }, exampleApp(), exampleContext())).toEqual([])
  })

  it("go whole, and nothing else with them", async () => {
    const { install } = await place(["1.0.0", "1.1.0"], "1.0.0")

    await removeBuilt(join(install.releases, "1.1.0"))

    expect(await readdir(install.releases)).toEqual(["1.0.0"])
  })
})
