import { expect, test } from "vitest"
import type { App } from "../app/app.ts"
import type { ProofRecord } from "../operation/ports.ts"
import { assessPosture, checklistOf, type PosturePoint } from "./posture.ts"

const NOW = new Date("2026-04-19T12:00:00Z")
const HOUR_MS = 3_600_000
const NONE = { exposureMs: null, recoveryTimeMs: null }

const FILES = { name: "uploads", place: { path: "/srv/chat/uploads" }, exclude: [], defaultOwner: null, mustBeMounted: false }

const app: App = {
  name: "chat",
  recipe: null,
  compose: null,
  run: null,
  databases: [{ engine: "sqlite", name: "main", place: { path: "/srv/chat/chat.db" } }],
  files: [FILES],
  secrets: ["/srv/chat/secrets"],
  configuration: [],
  images: "auto",
  health: null,
  checks: [],
  hooks: { before: [], after: [] },
  schedules: {},
  drills: {},
  objectives: NONE,
  thresholds: { collapseRatio: 0.5, collapseFloor: 10 },
  vaults: ["local"],
}

const WHOLE = ["database:main", "files:uploads", "secrets"]

const point = (sequence: number, hoursOld: number, more: Partial<PosturePoint> = {}): PosturePoint => ({
  id: `p${sequence}`,
  vault: "local",
  sequence,
  startedAt: new Date(NOW.getTime() - hoursOld * HOUR_MS),
  parts: WHOLE,
  damaged: false,
  trigger: "schedule",
  unnamed: [],
  ...more,
})

const proof = (id: string, level: ProofRecord["level"], hoursOld: number, more: Partial<ProofRecord> = {}): ProofRecord => ({
  app: "chat",
  point: id,
  vault: "local",
  level,
  at: new Date(NOW.getTime() - hoursOld * HOUR_MS),
  durationMs: 42_000,
  operationId: "o",
  details: null,
  ...more,
})

test("an app with a point that was booted is protected, and says by what proof", () => {
  expect(assessPosture(app, [point(1, 5)], [proof("p1", "booted", 3)], NONE, NOW)).toEqual({
    protected: true,
    sentence: "Protected. Proven to restore 3 h ago, in 42 s.",
    level: "booted",
    point: "p1",
    exposureMs: 5 * HOUR_MS,
    recoveryTimeMs: 42_000,
    reasons: [],
    nextSteps: [],
  })
})

test("a point that was only read back protects, but the sentence says that restoring is not proven", () => {
  const posture = assessPosture(app, [point(1, 5)], [proof("p1", "read", 3)], NONE, NOW)
  expect(posture).toMatchObject({
    protected: true,
    level: "read",
    sentence: "Protected. Read back whole 3 h ago, not yet proven to restore.",
  })
  expect(posture.recoveryTimeMs).toBeNull()
  expect(posture.nextSteps).toEqual(["Run `holdfast drill chat` to prove that it restores."])
})

const volume = { name: "media", what: "volume chat_media" }
const database = { name: "db/stats", what: "database stats of the server db" }

test("an app with data that its newest whole point was found to lack is not protected", () => {
  const held = proof("p1", "booted", 3)
  expect(assessPosture(app, [point(1, 5, { unnamed: [volume, database] })], [held], NONE, NOW)).toMatchObject({
    protected: false,
    sentence: "Not protected: no recovery point holds volume chat_media, database stats of the server db.",
    level: "booted",
    nextSteps: ["Name it under `files` or `databases`, or under `leaveOut` if no point need hold it; then run `holdfast backup chat`."],
  })
  const leftOut = { ...app, leaveOut: ["db/stats"] }
  expect(assessPosture(leftOut, [point(1, 5, { unnamed: [volume, database] })], [held], NONE, NOW).reasons).toEqual([
    "no recovery point holds volume chat_media",
  ])
  expect(assessPosture(leftOut, [point(1, 5, { unnamed: [database] })], [held], NONE, NOW).protected).toBe(true)
})

test("what an app lacks is judged by its newest whole point that was taken by itself, in whichever vault", () => {
  const held = [proof("p1", "booted", 3), proof("p2", "booted", 1)]
  const lacking = point(1, 5, { unnamed: [volume] })
  const reasonsWith = (...others: readonly PosturePoint[]): readonly string[] =>
    assessPosture(app, [lacking, ...others], held, NONE, NOW).reasons
  const told = ["no recovery point holds volume chat_media"]

  expect(reasonsWith(point(2, 2))).toEqual([])
  expect(reasonsWith(point(2, 2, { trigger: "manual", vault: "offsite" }))).toEqual([])
  expect(reasonsWith(point(2, 9, { vault: "offsite" }))).toEqual(told)
  expect(reasonsWith(point(2, 5))).toEqual([])
  expect(reasonsWith(point(2, 2, { trigger: "update" }))).toEqual(told)
  expect(reasonsWith(point(2, 2, { trigger: "safety" }))).toEqual(told)
  expect(reasonsWith(point(2, 2, { trigger: "manual", parts: ["database:main"] }))).toEqual(told)
  expect(reasonsWith(point(2, -2))).toEqual(told)
})

test("what the settings name since is told as missing, not as unnamed", () => {
  const named = { ...app, files: [...app.files, { ...FILES, name: "media" }] }
  expect(assessPosture(named, [point(1, 5, { unnamed: [volume] })], [proof("p1", "booted", 3)], NONE, NOW).reasons).toEqual([
    "no recovery point holds everything (missing: files:media)",
  ])
})

test("without a point it is not protected", () => {
  expect(assessPosture(app, [], [], NONE, NOW)).toMatchObject({
    protected: false,
    level: null,
    sentence: "Not protected: there is no recovery point.",
    nextSteps: ["Run `holdfast backup chat`."],
  })
})

test("points without a proof, or with a seal alone, do not protect", () => {
  expect(assessPosture(app, [point(1, 1)], [], NONE, NOW).sentence).toBe("Not protected: its recovery point is not yet proven.")
  const posture = assessPosture(app, [point(1, 2), point(2, 1)], [proof("p1", "sealed", 1)], NONE, NOW)
  expect(posture).toMatchObject({
    protected: false,
    level: "sealed",
    exposureMs: null,
    sentence: "Not protected: none of its 2 recovery points is proven yet.",
    nextSteps: ["Run `holdfast verify chat`."],
  })
})

test("exposure is the age of the newest proven point, not of the newest point", () => {
  const points = [point(1, 30), point(2, 1)]
  const posture = assessPosture(app, points, [proof("p1", "restored", 29)], { exposureMs: 24 * HOUR_MS, recoveryTimeMs: null }, NOW)
  expect(posture).toMatchObject({
    protected: false,
    exposureMs: 30 * HOUR_MS,
    sentence: "Not protected: the newest proven point is 30 h old, the objective is 24 h.",
  })
})

test("exactly at the objective it is still protected", () => {
  const objectives = { exposureMs: 24 * HOUR_MS, recoveryTimeMs: 42_000 }
  expect(assessPosture(app, [point(1, 24)], [proof("p1", "booted", 1)], objectives, NOW).protected).toBe(true)
})

test("a measured recovery over its objective is not protection", () => {
  const posture = assessPosture(app, [point(1, 1)], [proof("p1", "booted", 1)], { exposureMs: null, recoveryTimeMs: 30_000 }, NOW)
  expect(posture.sentence).toBe("Not protected: the last restore took 42 s, the objective is 30 s.")
})

test("a point that lacks a part does not protect, whatever its proof", () => {
  const posture = assessPosture(app, [point(1, 1, { parts: ["database:main"] })], [proof("p1", "booted", 1)], NONE, NOW)
  expect(posture.sentence).toBe("Not protected: no recovery point holds everything (missing: files:uploads, secrets).")
})

test("damaged and future-dated points do not count", () => {
  const points = [point(1, 3, { damaged: true }), point(2, -5)]
  const posture = assessPosture(app, points, [proof("p1", "booted", 3), proof("p2", "booted", 0)], NONE, NOW)
  expect(posture.sentence).toBe("Not protected: every recovery point is damaged or dated in the future.")
})

test("a proof counts in the vault where it was made", () => {
  const posture = assessPosture(app, [point(1, 1, { vault: "offsite" })], [proof("p1", "read", 1)], NONE, NOW)
  expect(posture.protected).toBe(false)
})

test("an app without databases and files says that nothing is set up", () => {
  const posture = assessPosture({ ...app, databases: [], files: [] }, [], [], NONE, NOW)
  expect(posture.reasons).toEqual(["no database and no files are set up", "there is no recovery point"])
})

test("the strongest proof speaks, also when a weaker one is newer", () => {
  const proofs = [proof("p1", "booted", 5), proof("p1", "read", 1)]
  expect(assessPosture(app, [point(1, 6)], proofs, NONE, NOW).level).toBe("booted")
})

test("the checklist of backup guides is answered from evidence", () => {
  const facts = {
    app: {
      ...app,
      schedules: {
        nightly: {
          cron: "0 3 * * *",
          timezone: "UTC",
          vault: "local",
          copies: [],
          keep: { last: 1 },
          enabled: true,
          cold: false,
          only: null,
          onChange: false,
        },
      },
    },
    points: [point(1, 5), point(1, 5, { vault: "offsite" })],
    proofs: [proof("p1", "booted", 3)],
    offHostVaults: new Set(["offsite"]),
    kitsTaken: new Set(["local"]),
    rebuilt: false,
  }
  expect(checklistOf(facts).map(({ answer, evidence }) => [answer, evidence])).toEqual([
    [true, "schedules: nightly"],
    [true, "newest point p1 in local"],
    [true, "point p1 in offsite"],
    [true, "point p1 in offsite"],
    [true, "every vault is encrypted with its own key"],
    [false, "no kit was taken of: offsite"],
    [true, "drill of p1 (booted) at 2026-04-19T09:00:00.000Z"],
  ])
  const nothing = { ...facts, app, points: [], proofs: [] }
  expect(checklistOf(nothing).every((answer) => !answer.answer)).toBe(true)
})

test("each reason comes with what to do about it, in one sentence for a person", () => {
  const bare: App = { ...app, databases: [], files: [], secrets: [] }
  expect(assessPosture(bare, [], [], NONE, NOW).nextSteps).toEqual([
    "Name its databases and files in the settings, or run `holdfast init`.",
    "Run `holdfast backup chat`.",
  ])
  expect(assessPosture(bare, [], [], NONE, NOW).sentence).toBe(
    "Not protected: no database and no files are set up; there is no recovery point.",
  )
  const late = { exposureMs: 1, recoveryTimeMs: 1 }
  expect(assessPosture(app, [point(1, 6)], [{ ...proof("p1", "booted", 5), durationMs: 9000 }], late, NOW).nextSteps).toEqual([
    "Run `holdfast backup` and `holdfast verify`, and check that its schedule runs.",
    "Give the app a nearer vault or a longer `objectives.recoveryTime`.",
  ])
  const incomplete = point(1, 0, { parts: ["secrets"] })
  const { reasons, nextSteps } = assessPosture(app, [incomplete], [], NONE, NOW)
  expect(reasons).toEqual(["no recovery point holds everything (missing: database:main, files:uploads)"])
  expect(nextSteps).toEqual(["Run `holdfast backup chat`."])
})
