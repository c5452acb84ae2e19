import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { parseSettings } from "../../settings/parse.ts"
import { SELF, selfApp } from "./self-app.ts"

test("Holdfast protects its settings, and its accounts with their secret where there are any, in every vault", async () => {
  const directory = await temporaryDirectory("self")
  const file = join(directory, "holdfast.yaml")
  const parsed = parseSettings("vaults: { local: { path: /v }, offsite: { path: /w } }\napps: {}\n", file)
  const settings = { ...parsed, file, directory, environment: {} }
  expect(selfApp(settings, directory)).toMatchObject({ name: SELF, databases: [], secrets: [], configuration: [file] })

  await mkdir(join(directory, "keys"))
  await writeFile(join(directory, "accounts.sqlite"), "")
  await writeFile(join(directory, "keys", "accounts.secret"), "secret")
  expect(selfApp(settings, directory)).toMatchObject({
    databases: [{ engine: "sqlite", name: "accounts", place: { path: join(directory, "accounts.sqlite") } }],
    secrets: [join(directory, "keys", "accounts.secret")],
    schedules: { nightly: { vault: "local", copies: ["offsite"] } },
  })
})
