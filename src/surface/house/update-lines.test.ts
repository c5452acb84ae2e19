import { describe, expect, it } from "vitest"
import { updatePlanDocument } from "../../../test/fixture/panel/update-documents.ts"
import type { RollbackPlanDocument, UpdatePlanDocument, UpdateReportDocument } from "../../contract/output-update.ts"
import { rollbackPlanLines, schemaLines, updatePlanLines, updateReportLines } from "./update-lines.ts"

const NOW = new Date("2026-11-21T12:00:00Z")
const ago = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString()

const plan: UpdatePlanDocument = {
  ...updatePlanDocument,
  proof: { ...updatePlanDocument.proof, at: ago(180) },
  rehearsal: updatePlanDocument.rehearsal === null ? null : { ...updatePlanDocument.rehearsal, at: ago(2) },
  to: { ...updatePlanDocument.to, notes: "First line.\nSecond line." },
}
const text = (changed: Partial<UpdatePlanDocument> = {}): string => updatePlanLines({ ...plan, ...changed }, NOW).join("\n")

describe("a plan for people", () => {
  it("says versions, proof, schema, downtime, room, the way back, the lines that are edited, and the vendor's words", () => {
    expect(updatePlanLines({ ...plan, edits: plan.edits.map((one) => ({ ...one, diff: "-old\n+new\n" })) }, NOW)).toEqual([
      "updates chat from 2.4.1 to 2.5.0 (signed release 41 of channel stable)",
      "makes anew: web, worker",
      "stops for the moment of the copy: web, worker",
      "proof: point 20261121T050000Z-1f3a in vault local, restored and started in a drill 3 h ago",
      "rehearsed 2 min ago on a copy of point 20261121T050000Z-1f3a: passed, pre-flight 0.4 s, migration 1.8 s, well after 2.1 s",
      "schema: version 20261101 to 20261118; adds table public.edits; adds column public.messages.edited_at; rows of public.settings: 12 to 13",
      "expected downtime: 7.3 s",
      "keeps database main (1.3 GiB) by a copy beside it",
      "space: /var/lib/docker needs 4.3 GiB, 196 GiB are free",
      "a rollback is possible for 24 h: it brings images, configuration and data back together, and keeps what was written since beside",
      "",
      "edits /srv/chat/docker-compose.yml:",
      "  -old",
      "  +new",
      "",
      "what 2.5.0 brings, in its vendor's words:",
      "  First line.",
      "  Second line.",
    ])
  })

  it("says what is not known, and that a rehearsal comes first", () => {
    const unknown = text({ rehearsal: null, predictedDowntimeMs: null, from: { version: null, images: {} }, hopsAfter: ["3.0.0", "3.1.0"] })
    expect(unknown).toContain("updates chat from a version that it does not tell to 2.5.0")
    expect(unknown).toContain("then to 3.0.0, 3.1.0: each is planned, rehearsed and applied for itself")
    expect(unknown).toContain("not rehearsed yet: that is done first, on a copy of the data; if it fails, the app stays as it is")
    expect(unknown).toContain("expected downtime: not known before the rehearsal")
  })

  it("says why a rehearsal failed, why a database is kept another way, and every warning", () => {
    const { rehearsal } = plan
    if (rehearsal === null) throw new Error("the plan was rehearsed")
    const cold = { name: "main", way: "cold-point" as const, why: "its user may not create databases", sizeBytes: 1024 }
    const told = text({
      rehearsal: { ...rehearsal, passed: false, why: "the migration failed" },
      databases: [cold],
      warnings: ["watch out"],
    })
    expect(told).toContain("rehearsed 2 min ago on a copy of point 20261121T050000Z-1f3a: failed, the migration failed")
    expect(told).toContain(
      "keeps database main (1.0 KiB) from a point that is taken while everything stands still: its user may not create databases",
    )
    expect(told).toContain("warning: watch out")
  })

  it("tells where an unsigned release was found", () => {
    const found = (foundIn: UpdatePlanDocument["to"]["foundIn"]): string =>
      text({ to: { ...plan.to, signed: null, foundIn } }).split("\n")[0] ?? ""
    expect(found("registry")).toContain("(found in the registry)")
    expect(found("given")).toContain("(named by you)")
  })

  it("tells of a plain program where its new version lies, and neither services nor a start that was not rehearsed", () => {
    const directory = { path: "/srv/app/releases/2.5.0", digest: "sha256:0" }
    const rehearsal = plan.rehearsal === null ? null : { ...plan.rehearsal, startMs: 0, preFlightMs: null, migrateMs: null }
    const to = { ...plan.to, signed: null, foundIn: "directories" as const, directory }

    const told = text({ to, services: [], rehearsal, predictedDowntimeMs: null })

    expect(told.split("\n")[0]).toContain("(from /srv/app/releases/2.5.0)")
    expect(told).toContain("expected downtime: not known before the first update")
    expect(told).toMatch(/^rehearsed .+: passed$/m)
    expect(told).not.toContain("makes anew")
  })

  it("says when the schema stays", () => {
    const none = { from: "7", to: "7", tablesAdded: [], tablesRemoved: [], columnsAdded: [], columnsRemoved: [], rows: [] }
    expect(schemaLines(none)).toEqual(["schema: stays as it is"])
    expect(schemaLines({ ...none, tablesRemoved: ["a", "b"], columnsRemoved: ["c.d"] })).toEqual([
      "schema: removes tables a, b; removes column c.d",
    ])
  })
})

const back: RollbackPlanDocument = {
  app: "chat",
  operationId: "op-1",
  from: "2.5.0",
  to: "2.4.1",
  appliedAt: ago(60),
  keptUntil: "2026-11-22T11:00:00.000Z",
  services: ["web"],
  databases: ["main"],
  files: ["/srv/chat/.env"],
  trees: ["files:uploads"],
  rowsLost: [
    { database: "main", table: "public.messages", rows: 12 },
    { database: "main", table: "public.users", rows: 1 },
  ],
  expectedMs: 5_000,
  warnings: [],
}

describe("a rollback for people", () => {
  it("says first what is undone, and counts what will not be there any more, by table", () => {
    expect(rollbackPlanLines(back, NOW)).toEqual([
      "rolls chat back from 2.5.0 to 2.4.1: images, configuration and data together",
      "undoes the update of 1 h ago (operation op-1), possible until 2026-11-22T11:00:00.000Z",
      "makes anew: web",
      "puts back: database main, files:uploads, /srv/chat/.env",
      "13 rows were written since the update; the old version will not have them, they are kept:",
      "  main: public.messages +12",
      "  main: public.users +1",
      "expected downtime: 5.0 s",
    ])
    expect(rollbackPlanLines({ ...back, rowsLost: [] }, NOW)).toContain("no rows were found that were written since the update")
  })
})

describe("what an update came to", () => {
  const report: UpdateReportDocument = {
    operationId: "op-1",
    app: "chat",
    from: "2.4.1",
    to: "2.5.0",
    outcome: "applied",
    why: null,
    downtimeMs: 6_900,
    predictedDowntimeMs: 7_300,
    unrehearsed: null,
    rollbackMs: null,
    durationMs: 65_000,
    hotPoint: "hot",
    safetyPoint: "safety",
    keptUntil: "2026-11-22T11:00:00.000Z",
    rowsKeptBeside: [],
    warnings: ["a warning"],
  }

  it("is told with measured and predicted downtime, and how to go back", () => {
    expect(updateReportLines(report)).toEqual([
      "updated chat from 2.4.1 to 2.5.0 in 1 min 5 s",
      "down for 6.9 s, 7.3 s were expected",
      "safety point before it: safety",
      "roll back until 2026-11-22T11:00:00.000Z: holdfast update rollback chat op-1",
      "warning: a warning",
    ])
    expect(updateReportLines({ ...report, predictedDowntimeMs: null })[1]).toBe("down for 6.9 s")
    expect(updateReportLines({ ...report, unrehearsed: "no sandbox" })[2]).toBe("it was not rehearsed: no sandbox")
  })
})
