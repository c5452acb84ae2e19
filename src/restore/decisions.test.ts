import { describe, expect, it } from "vitest"
import { z } from "zod"
import { wanted } from "../backup/options.ts"
import { standstillFromJson, standstillToJson } from "../app/standstill.ts"
import { passed } from "../drill/report.ts"
import { plainRestore, toRestore } from "./options.ts"
import { refuseLackOfSpace } from "./free-space.ts"
import { replacementsFromJson, replacementsToJson, type Replacement } from "./replacement.ts"
import { reverse } from "./undo.ts"

const names = { live: "app", staged: "s", kept: "k", failed: "f" }
const replacements: readonly Replacement[] = [
  { kind: "database", part: "database:main", source: "main", names },
  {
    kind: "tree",
    part: "files:u",
    stored: null,
    swap: { mode: "rename", root: "/u", staged: "/s", kept: "/k", failed: "/f", existed: true, stays: [] },
  },
  { kind: "file", part: "secrets", stored: "0-x", swap: { ...names, existed: false, removes: false } },
]

describe("which parts are meant", () => {
  it("by name, kind or its plural; everything when nothing is named", () => {
    for (const only of [["files:uploads"], ["files"], ["file", "files"]]) expect(wanted(only, "files:uploads")).toBe(true)
    expect(wanted(["databases"], "database:main")).toBe(true)
    expect(wanted(null, "image:x")).toBe(true)
    expect([wanted([], "secrets"), wanted(["files:up"], "files:uploads"), wanted(["database"], "files:database")]).toEqual([
      false,
      false,
      false,
    ])
  })

  it("a restore leaves alone what decides which program runs, unless asked for", () => {
    const kinds = ["database:main", "files:u", "secrets", "configuration", "image:x"]
    const parts = (more: object): readonly string[] => kinds.filter((part) => toRestore({ ...plainRestore, ...more }, part))
    expect(parts({})).toEqual(["database:main", "files:u", "secrets"])
    expect(parts({ withImages: true })).toEqual(kinds)
    expect(parts({ only: ["databases"] })).toEqual(["database:main"])
    expect(parts({ only: ["files:u"], withImages: true })).toEqual(["files:u", "configuration", "image:x"])
    expect(parts({ only: ["images"] })).toEqual(["image:x"])
  })
})

describe("replacements", () => {
  it("come back from the journal as they were", () => {
    expect(replacementsFromJson(z.json().parse(JSON.parse(JSON.stringify(replacementsToJson(replacements)))))).toMatchObject(replacements)
    expect(() => replacementsFromJson(undefined)).toThrow()
    expect(() => replacementsFromJson([{ kind: "database" }])).toThrow()
  })

  it("reversed, what was kept is put in place and what is live is set aside, under names that nothing else has", () => {
    expect(replacements.map(reverse)).toMatchObject([
      { names: { live: "app", staged: "k", kept: "f", failed: "s" } },
      { swap: { root: "/u", staged: "/k", kept: "/f", failed: "/s" } },
      { swap: { live: "app", staged: "k", kept: "f", failed: "s", existed: true, removes: true } },
    ])
  })
})

it("a standstill comes back from the journal as it was", () => {
  const standstill = {
    graceSeconds: 30,
    byCommand: false,
    rested: ["migrate"],
    services: [{ service: "web", containerId: "c", restartPolicy: "always", wasRunning: true }],
  }
  expect(standstillFromJson(standstillToJson(standstill))).toMatchObject(standstill)
  expect(() => standstillFromJson({ services: [] })).toThrow()
})

it("a drill passes only if something was asserted and all of it held", () => {
  const held = { name: "a", passed: true, detail: "" }
  expect([passed([]), passed([held]), passed([held, { ...held, passed: false }])]).toEqual([false, true, false])
})

it("a restore that does not fit is refused before anything changes, with what is missing where", () => {
  const place = { where: "/srv", neededBytes: 2048, freeBytes: 2048 }
  expect(() => refuseLackOfSpace([place])).not.toThrow()
  expect(() => refuseLackOfSpace([place, { ...place, where: "/var", freeBytes: 2047 }])).toThrow(
    expect.objectContaining({ code: "SPACE_MISSING", message: "/var has 2.0 KiB free, 2.0 KiB are needed beside the live state" }),
  )
})
