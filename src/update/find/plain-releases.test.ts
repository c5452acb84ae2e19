import { mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { exampleApp, exampleContext } from "../../../test/fixture/example.ts"
import { exampleUpdates } from "../../../test/fixture/example-updates.ts"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import type { App, UpdateRules } from "../../app/app.ts"
import { linkEdits, requireSameDirectory } from "../place/plain-install.ts"
import { findInDirectories } from "./plain-releases.ts"
import { lookAtRunning, runningVersion } from "../running.ts"

const nobody: Parameters<typeof lookAtRunning>[0] = {
  get containers(): never {
    throw new Error("there are no containers")
  },
  get prober(): never {
    throw new Error("nobody is asked")
  },
}

async function place(versions: readonly string[], runs: string, more: Partial<UpdateRules> = {}) {
  const directory = await temporaryDirectory("plain-releases")
  const install = { link: join(directory, "current"), releases: join(directory, "releases"), build: null, preFlight: null, migrate: null }
  for (const version of versions) {
    await mkdir(join(install.releases, version), { recursive: true })
    await writeFile(join(install.releases, version, "program"), version)
  }
  await symlink(`releases/${runs}`, install.link)
  const updates = { ...exampleUpdates, source: "directories" as const, install, minimumAgeMs: 0, versions: null, tagPattern: null, ...more }
  const app: App = exampleApp({ updates })
  const find = async () =>
    await findInDirectories({ app, running: await lookAtRunning(nobody, app, exampleContext()) }, updates, exampleContext())
  return { app, install, updates, find }
}

describe("versions that lie beside each other", () => {
  it("are ordered as versions, and what is none, a link or hidden is passed over", async () => {
    const { find, install } = await place(["0.9.0", "0.10.0", ".0.11.0", "0.12.0.partial", "shared", "0.11.0-rc.1"], "0.9.0")
    await symlink("0.10.0", join(install.releases, "0.13.0"))

    const found = await find()

    expect(found.running).toBe("0.9.0")
    expect(found.hops).toMatchObject([
      { version: "0.10.0", foundIn: "directories", images: {}, directory: { path: join(install.releases, "0.10.0") } },
    ])
  })

  it("are nothing newer where the newest runs", async () => {
    expect((await (await place(["1.0.0", "1.1.0"], "1.1.0")).find()).hops).toEqual([])
  })

  it("wait until they are old enough, and an older one is taken meanwhile", async () => {
    const { find } = await place(["1.0.0", "1.1.0"], "1.0.0", { minimumAgeMs: 3_600_000 })

    const found = await find()

    expect(found.hops).toEqual([])
    expect(found.notices.join()).toMatch(/^Directory 1\.1\.0 is .+ old; it is used when it has been there for 1 ?h/)
  })

  it("are read by the pattern of the settings, and by the range", async () => {
    const rules = { tagPattern: "app-(?<version>.+)", versions: "1.x" }
    const { find, app, updates } = await place(["app-1.0.0", "app-1.2.0", "app-2.0.0"], "app-1.0.0", rules)

    expect((await find()).hops.map(({ version }) => version)).toEqual(["1.2.0"])
    expect(runningVersion(app, updates, await lookAtRunning(nobody, app, exampleContext()), [])).toBe("1.0.0")
  })

  it("are not looked for where the link leads to something that is no version, or is none", async () => {
    const { find, install } = await place(["1.0.0", "blue"], "blue")

    await expect(find()).rejects.toMatchObject({
      code: "UPDATES_NOT_SET_UP",
      message: `${install.link} leads to blue, which is no version`,
    })
  })

  it("are refused when something was put into one after it was found", async () => {
    const { find, install } = await place(["1.0.0", "1.1.0"], "1.0.0")
    const [release] = (await find()).hops
    if (release?.directory === undefined) throw new Error("no directory")
    await requireSameDirectory(release.directory)

    await writeFile(join(install.releases, "1.1.0", "late"), "")

    await expect(requireSameDirectory(release.directory)).rejects.toMatchObject({ code: "PLAN_STALE" })
  })

  it("are planned as the exchange of what the link says, written as it was written", async () => {
    const { find, install } = await place(["1.0.0", "1.1.0"], "1.0.0")
    const [release] = (await find()).hops
    if (release === undefined) throw new Error("nothing found")

    const { edits } = await linkEdits(install, release)

    expect(edits).toMatchObject([{ path: install.link, before: "releases/1.0.0", after: "releases/1.1.0" }])
  })
})
