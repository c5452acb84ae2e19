import { mkdirSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { exampleApp, exampleDatabasePart, exampleFilesPart } from "../../test/fixture/example.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { placeIn, refuseLive } from "./into.ts"

describe("restoring into a directory", () => {
  it("never writes outside it, whatever the manifest calls its parts", () => {
    const word = fc.oneof(fc.constantFrom("..", ".", "", "/", "/etc/passwd", "../..", "a/../../b", "uploads"), fc.string({ maxLength: 6 }))
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.boolean(), (words, isFiles) => {
        const name = words.join("/")
        const part = isFiles ? exampleFilesPart(1, 1, { name }) : exampleDatabasePart({}, { fileName: name })
        try {
          expect(resolve(placeIn("/restored/here", part)).startsWith("/restored/here/")).toBe(true)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "FILES_DIFFER" })
        }
      }),
    )
  })

  it("gives each kind of part its place", () => {
    expect(placeIn("/r", exampleDatabasePart({}))).toBe("/r/main.sqlite")
    expect(placeIn("/r", exampleFilesPart(1, 1))).toBe("/r/files/uploads")
  })

  it("refuses what the app uses: the place itself, above it, below it, by dots and through links", async () => {
    const root = await temporaryDirectory("into")
    mkdirSync(join(root, "live/..data"), { recursive: true })
    symlinkSync("live", join(root, "link"))
    const file = { name: "uploads", place: { path: join(root, "live") }, exclude: [], defaultOwner: null, mustBeMounted: false }
    const app = exampleApp({ databases: [], files: [file] })
    for (const name of ["live", ".", "live/new", "live/..data", "live/../live/x", "link", "link/new/deeper"]) {
      await expect(refuseLive(app, join(root, name)), name).rejects.toMatchObject({ code: "TARGET_IS_LIVE" })
    }
    await expect(refuseLive(app, join(root, "live"))).rejects.toThrow(`${join(root, "live")} is in use by chat (${join(root, "live")})`)
    for (const name of ["other", "live2", "..live", "other/live"])
      await expect(refuseLive(app, join(root, name)), name).resolves.toBeUndefined()
  })

  it("refuses the places of databases, secrets and configuration alike, and knows one that is reached by a link", async () => {
    const root = await temporaryDirectory("into")
    mkdirSync(join(root, "real"))
    symlinkSync("real", join(root, "alias"))
    const path = join(root, "alias/file")
    const apps = [
      exampleApp({ databases: [{ engine: "sqlite", name: "main", place: { path } }] }),
      exampleApp({ databases: [], secrets: [path] }),
      exampleApp({ databases: [], configuration: [path] }),
    ]
    for (const app of apps) await expect(refuseLive(app, join(root, "real"))).rejects.toMatchObject({ code: "TARGET_IS_LIVE" })
  })
})
