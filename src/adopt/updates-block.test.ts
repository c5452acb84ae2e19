import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { exampleApp, exampleUpdates } from "../../test/fixture/example-updates.ts"
import type { UpdateRules } from "../app/app.ts"
import { loadRecipes } from "../app/load-recipes.ts"
import type { InstallableRelease } from "../release/installable.ts"
import { settingsEdit } from "./updates-block.ts"

const managed = loadRecipes(join(import.meta.dirname, "../../recipes"))["chatalot"]?.managedUpdates
const image = { repository: "r.example/chatalot", digest: `sha256:${"a".repeat(64)}`, tag: null }
const release: InstallableRelease = {
  version: "1.0.0",
  foundIn: "manifest",
  images: { chatalot: image },
  preFlight: null,
  migrate: null,
  schemaVersion: null,
  notes: "",
  signed: null,
}

function after(text: string, updates?: Partial<UpdateRules>): string | null {
  if (managed === undefined) throw new Error("the recipe knows no updater")
  const app = { ...exampleApp, ...(updates === undefined ? {} : { updates: { ...exampleUpdates, ...updates } }) }
  return settingsEdit({ path: "/srv/holdfast.yaml", text }, app, managed, release)[0]?.after ?? null
}

describe("the settings of an app that Holdfast is adopted for", () => {
  it("get a block of updates with where releases are, who may order them, and how images are pulled", () => {
    const made = after("apps:\n  chat:\n    images: auto # so\n") ?? ""
    expect(made).toContain("images: auto # so\n")
    for (const told of ["source: manifest", "channel: stable", "services: [chatalot]", 'token: "./chat/secrets/updater_token"'])
      expect(made).toContain(told)
  })

  it("that have such a block get what it lacks, and keep what it says", () => {
    const text = "apps:\n  chat:\n    updates:\n      source: manifest # ours\n"
    expect(after(text, {})).toBe(
      `${text}      token: "./chat/secrets/updater_token"\n      registryCredentials: "./chat/secrets/registry_creds"\n`,
    )
    expect(after(text, { tokenFile: "/srv/own" })).toBe(`${text}      registryCredentials: "./chat/secrets/registry_creds"\n`)
    expect(after(text, { tokenFile: "/srv/own", credentialsFile: "/srv/c" })).toBeNull()
  })
})
