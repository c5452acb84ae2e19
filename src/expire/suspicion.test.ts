import { expect, test } from "vitest"
import { manifestOf } from "../../test/contract/retention-vault.ts"
import type { Manifest } from "../recovery-point/manifest.ts"
import { suspiciousPoints } from "./suspicion.ts"

const THRESHOLDS = { collapseRatio: 0.5, collapseFloor: 10 }

const withFiles = (...counts: readonly number[]): readonly Manifest[] =>
  counts.map((files, index) => {
    const manifest = manifestOf({ id: `p${index + 1}`, sequence: index + 1, startedAt: "2026-04-19T12:00:00Z" })
    return { ...manifest, parts: manifest.parts.map((part) => (part.kind === "files" ? Object.assign(part, { files }) : part)) }
  })

test.each([
  [[100, 90, 110], []],
  [[100, 50], []],
  [[100, 49], ["p2"]],
  [
    [100, 0, 0, 100],
    ["p2", "p3"],
  ],
  // Compared with the last unsuspicious one: a slow slide to nothing in steps shows as soon as one step is sharp.
  [
    [100, 49, 48],
    ["p2", "p3"],
  ],
  [[9, 1], []],
  [[9, 0], ["p2"]],
  [[0, 0], []],
])("files %j: suspicious are %j", (counts, expected) => {
  expect([...suspiciousPoints(withFiles(...counts), THRESHOLDS)]).toEqual(expected)
})

test("a point without a part is not suspicious for that", () => {
  const [first, second, third] = withFiles(100, 100, 100)
  if (!first || !second || !third) throw new Error("three were made")
  expect([...suspiciousPoints([first, { ...second, parts: [] }, third], THRESHOLDS)]).toEqual([])
})

test("a drop that was accepted when the point was taken is the new measure", () => {
  const [first, second, third, fourth] = withFiles(100, 20, 19, 4)
  if (!first || !second || !third || !fourth) throw new Error("four were made")
  expect([...suspiciousPoints([first, { ...second, acceptedCollapse: true }, third, fourth], THRESHOLDS)]).toEqual(["p4"])
})

test("rows of volatile tables do not count, rows of others do", () => {
  const withRows = (rows: Readonly<Record<string, number>>, sequence: number): Manifest => {
    const manifest = manifestOf({ id: `p${sequence}`, sequence, startedAt: "2026-04-19T12:00:00Z" })
    const [files] = manifest.parts
    if (files?.kind !== "files") throw new Error("it has a files part")
    const facts = { engine: "postgres", engineVersion: "15.18", schemaVersion: null, migrations: [], rows, sizeBytes: 1 } as const
    const shape = { owner: null, encoding: null, localeProvider: null, collate: null, ctype: null, icuLocale: null, collationVersion: null }
    const rest = { comment: null, connectionLimit: null, settings: [], grants: [], extensions: [], roles: [], pragmas: {} }
    const stored = { name: "main", part: "database:main", treeId: files.treeId, fileName: "main.dump", sizeBytes: 1, storedBytes: 1 }
    const how = { engine: "postgres", access: "tcp", toolVersion: "15", snapshotAt: manifest.startedAt, durationMs: 1, source: {} } as const
    return {
      ...manifest,
      parts: [{ kind: "database", ...stored, ...how, facts: { ...facts, migrations: [] }, shape: { ...shape, ...rest } }],
    }
  }
  const points = [withRows({ "public.sessions": 1000, "public.users": 100 }, 1), withRows({ "public.sessions": 0, "public.users": 100 }, 2)]
  expect([...suspiciousPoints(points, THRESHOLDS, ["sessions"])]).toEqual([])
  expect([...suspiciousPoints(points, THRESHOLDS)]).toEqual(["p2"])
})
