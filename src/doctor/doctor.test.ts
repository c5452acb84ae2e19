import { mkdtemp, rm, writeFile, chmod, utimes, readdir, mkdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { App } from "../app/app.ts"
import { systemClock } from "../base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../base/run-context.ts"
import { recipeSchema } from "../app/recipe.ts"
import { manifestSchema } from "../recovery-point/manifest.ts"
import type { Store } from "../operation/ports.ts"
import type { VaultLocation } from "../vault/ports.ts"
import { createProcesses } from "../tool/process/process.ts"
import { createRestic } from "../tool/restic/restic.ts"
import { openSqliteStore } from "../tool/store/store.ts"
import { openVault } from "../vault/vault.ts"
import { parseSettings } from "../settings/parse.ts"
import { applyFreeSpace, planFreeSpace, type FreeSpaceTools } from "./doctor.ts"
import { checkKits } from "./check/kits.ts"
import { checkMounts } from "./check/mounts.ts"
import { checkOperations } from "./check/operations.ts"
import { checkPermissions } from "./check/permissions.ts"
import { checkReceivers } from "./check/receivers.ts"
import { judgeSpace } from "./check/space.ts"
import { checkVaults } from "./check/vaults.ts"
import { isKnownVulnerable, sqliteLosesCommits, versionIn } from "./known-faults.ts"
import type { Subject } from "./ports.ts"

let directory = ""
let store: Store
const ctx: RunContext = {
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
  operationId: "t",
}
const alive = new Set([1])
const host = {
  self: (command: string) => ({ host: "h", bootId: "b", processId: 1, processStart: "1", command }),
  isAlive: (holder: { processId: number }) => alive.has(holder.processId),
}

const recipe = recipeSchema.parse({
  name: "superchat",
  title: "SuperChat",
  detect: { images: [], services: [] },
  databases: {},
  files: {},
  secrets: [],
  configuration: [],
  secretFacts: [],
  volatileTables: [],
  stop: { services: [], graceSeconds: 1 },
  fileReferences: [],
  deletesOrphans: false,
  migratesAtStart: true,
  migrationBackups: "superchat.db.backup-v*",
  logs: ["server.log"],
  keyProofs: [],
  notes: [],
})

const app = (): App => ({
  name: "chat",
  recipe,
  compose: null,
  run: null,
  databases: [{ engine: "sqlite", name: "main", place: { path: join(directory, "data/superchat.db") } }],
  files: [{ name: "uploads", place: { path: join(directory, "data/uploads") }, exclude: [], defaultOwner: null, mustBeMounted: true }],
  secrets: [join(directory, "secret")],
  configuration: [],
  images: "auto",
  health: null,
  checks: [],
  hooks: { before: [], after: [] },
  schedules: {},
  drills: {},
  objectives: { exposureMs: null, recoveryTimeMs: null },
  thresholds: { collapseRatio: 0.5, collapseFloor: 10 },
  vaults: ["local"],
})

const location = (): VaultLocation => ({
  name: "local",
  url: join(directory, "vault"),
  keyFile: join(directory, "key"),
  environment: {},
  options: [],
  cacheDirectory: join(directory, "cache"),
  uploadKibPerSecond: null,
  downloadKibPerSecond: null,
  appendOnly: false,
})

const settings = parseSettings(
  "vaults: { local: { path: /v } }\nnotify: { always: { emails: [ops@example.com] } }\napps: { chat: { databases: { main: { sqlite: /c.db } } } }\n",
  "test",
)
const subject = (): Subject => ({ apps: [app()], vaults: [location()], stateDirectory: directory, settings })

const tools = (): FreeSpaceTools => ({
  store,
  host,
  backend: createRestic({
    processes: createProcesses({ environment: { PATH: process.env["PATH"] ?? "", HOME: directory }, clock: systemClock, setpriv: null }),
    binary: "restic",
    scratchDirectory: directory,
  }),
  releaseKept: async (of, ids) => {
    for (const kept of await store.kept(of.name))
      if (ids.has(kept.operationId)) await store.putKept({ ...kept, releasedAt: ctx.clock.now() })
    return [...ids]
  },
})

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-doctor-"))
  await mkdir(join(directory, "data/uploads"), { recursive: true })
  store = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

test.each([
  ["15.18", true],
  ["15.19", true],
  ["15.20", false],
  ["18.6", true],
  ["18.7", false],
  ["14.25", false],
  ["13.23", true],
  ["19.0", false],
])("PostgreSQL client %s: known hole %s", (version, vulnerable) => {
  expect(isKnownVulnerable(version)).toBe(vulnerable)
})

test.each([
  ["3.40.1", true],
  ["3.51.2", true],
  ["3.51.3", false],
  ["3.50.6", true],
  ["3.50.7", false],
  ["3.44.5", true],
  ["3.44.6", false],
  ["3.53.4", false],
  ["3.6.23", false],
])("SQLite library %s: WAL-reset fault %s", (version, faulty) => {
  expect(sqliteLosesCommits(version)).toBe(faulty)
})

test("a version is read out of what a client says", () => {
  expect(versionIn("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")).toBe("15.18")
  expect(versionIn("nothing")).toBeNull()
})

test("a disk warns from 80 % and fails from 95 %, counted as df does", () => {
  expect(judgeSpace("d", 1000, 300, 201).severity).toBe("ok")
  expect(judgeSpace("d", 1000, 200, 200)).toEqual({
    check: "space",
    subject: "d",
    severity: "warn",
    what: "80 % used, 200 B free",
    do: "Run `holdfast doctor --free-space` to see what can go.",
  })
  expect(judgeSpace("d", 1000, 50, 50).severity).toBe("fail")
})

test("a key that others can read fails, a secret that everyone can read warns", async () => {
  await writeFile(location().keyFile, "k")
  await chmod(location().keyFile, 0o640)
  await writeFile(join(directory, "secret"), "s")
  await chmod(join(directory, "secret"), 0o644)
  const findings = await checkPermissions(tools(), subject())
  expect(findings.map(({ severity, what }) => [severity, what])).toEqual([
    ["fail", "others can read the vault's key (mode 0640)"],
    ["warn", "everyone can read it (mode 0644)"],
  ])
  await chmod(location().keyFile, 0o600)
  await chmod(join(directory, "secret"), 0o600)
  expect((await checkPermissions(tools(), subject())).map((finding) => finding.severity)).toEqual(["ok", "ok"])
})

test("a source that must be a disk of its own and is not fails", async () => {
  expect(await checkMounts(tools(), subject())).toMatchObject([
    { severity: "fail", what: `${directory}/data/uploads is not a mount point: its disk is missing` },
  ])
})

test("a vault: never made, sound, another key, replaced", async () => {
  expect(await checkVaults(tools(), subject(), ctx)).toMatchObject([{ severity: "warn", what: "it was never written to" }])
  await openVault(tools(), location(), { create: true }, ctx)
  expect(await checkVaults(tools(), subject(), ctx)).toMatchObject([{ severity: "ok" }])
  await store.setValue("vault-id:local", "another")
  expect((await checkVaults(tools(), subject(), ctx))[0]).toMatchObject({
    severity: "fail",
    what: expect.stringContaining("is not the one that was pinned") as unknown,
  })
  await writeFile(location().keyFile, "wrong")
  expect((await checkVaults(tools(), subject(), ctx))[0]?.severity).toBe("fail")
})

test("an interrupted run fails, a running one does not", async () => {
  const holder = { ...host.self("holdfast backup chat"), processId: 2 }
  await store.createOperation({ id: "o1", kind: "backup", app: "chat", holder, plan: null, startedAt: new Date() })
  expect(await checkOperations(tools())).toMatchObject([
    { severity: "fail", what: "backup was interrupted and is not settled", do: "Run `holdfast operations settle o1`." },
  ])
  alive.add(2)
  expect(await checkOperations(tools())).toMatchObject([{ severity: "ok", what: "running: holdfast backup chat" }])
  alive.delete(2)
})

test("a vault without a taken kit warns", async () => {
  expect((await checkKits(tools(), subject()))[0]?.severity).toBe("warn")
  await store.setValue("kit-taken:local", "2026-04-19")
  expect((await checkKits(tools(), subject()))[0]).toMatchObject({ severity: "ok", what: "taken (2026-04-19)" })
})

const backupName = (day: string): string => `superchat.db.backup-v2-202501${day}-140000`

async function layMigrationBackups(): Promise<void> {
  for (const day of ["01", "02", "03", "04"]) {
    const path = join(directory, "data", backupName(day))
    await writeFile(path, "x".repeat(100))
    await utimes(path, new Date("2025-02-01"), new Date("2025-02-01"))
  }
}

async function importPoint(path: string, proven: boolean): Promise<void> {
  const startedAt = "2026-04-19T12:00:00.000Z"
  const manifest = manifestSchema.parse({
    format: "holdfast.recovery-point",
    version: 1,
    id: "import-1",
    app: "chat",
    label: null,
    trigger: "import",
    cold: false,
    startedAt,
    finishedAt: startedAt,
    durationMs: 1,
    host: "h",
    operationId: "o",
    appVersion: null,
    holdfastVersion: "0.1.0",
    tools: {},
    services: [],
    parts: [],
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [`database:main was imported from ${path}`],
    sequence: 1,
    previous: null,
    index: [],
  })
  await store.putPoint({
    app: "chat",
    vault: "local",
    id: "import-1",
    sequence: 1,
    digest: "d",
    startedAt: new Date(startedAt),
    manifest,
    expiredAt: null,
  })
  if (!proven) return
  await store.putProof({
    app: "chat",
    point: "import-1",
    vault: "local",
    level: "read",
    at: new Date(),
    durationMs: 1,
    operationId: "v",
    details: null,
  })
}

test("free space: the two newest migration backups stay, an older one goes only when it is proven in a vault", async () => {
  await layMigrationBackups()
  const oldest = join(directory, "data", backupName("01"))
  await importPoint(oldest, false)
  expect((await planFreeSpace(tools(), app(), [], ctx)).freedBytes).toBe(0)
  await importPoint(oldest, true)

  const plan = await planFreeSpace(tools(), app(), [], ctx)

  expect(plan.items.map((item) => [item.subject.slice(-18, -7), item.remove, item.why])).toEqual([
    ["v2-20250104", false, "one of the 2 newest migration backups, which always stay"],
    ["v2-20250103", false, "one of the 2 newest migration backups, which always stay"],
    [
      "v2-20250102",
      false,
      `not proven in a vault: run \`holdfast import ${join(directory, "data", backupName("02"))}\`, then \`holdfast verify\``,
    ],
    ["v2-20250101", true, "proven in vault local as point import-1"],
  ])
  expect(plan.freedBytes).toBe(100)
})

test("free space: a migration backup that changed after its import stays", async () => {
  await layMigrationBackups()
  const oldest = join(directory, "data", backupName("01"))
  await importPoint(oldest, true)
  await utimes(oldest, new Date("2026-05-01"), new Date("2026-05-01"))
  expect((await planFreeSpace(tools(), app(), [], ctx)).items.every((item) => !item.remove)).toBe(true)
})

test("free space: rotated logs and released kept states go, each journaled; what is in use stays", async () => {
  await writeFile(join(directory, "data/server.log"), "live")
  await writeFile(join(directory, "data/server.log.1"), "rotated")
  await writeFile(join(directory, "data/superchat.db"), "data")
  const kept = { app: "chat", releasedAt: null, details: null }
  await store.putKept({ ...kept, operationId: "old", keptUntil: new Date("2026-01-01T00:00:00Z") })
  await store.putKept({ ...kept, operationId: "new", keptUntil: new Date("2099-01-01T00:00:00Z") })
  const plan = await planFreeSpace(tools(), app(), [], ctx)
  expect(plan.freedBytes).toBe(7)

  const gone = await applyFreeSpace(tools(), plan, [], "holdfast doctor --free-space", ctx)

  expect(gone).toEqual([join(directory, "data/server.log.1"), "old"])
  expect((await readdir(join(directory, "data"))).toSorted()).toEqual(["server.log", "superchat.db", "uploads"])
  expect((await store.kept("chat")).map((record) => [record.operationId, record.releasedAt === null])).toEqual([
    ["new", true],
    ["old", false],
  ])
  const [operation] = await store.operations({ app: "chat" })
  expect(operation?.steps.map((step) => [step.name, step.state])).toEqual([
    ["remove-file", "done"],
    ["release-kept", "done"],
  ])
})

test("an app of whose alarms nobody is told is said, and a dead-man switch is nobody", async () => {
  expect(await checkReceivers(tools(), subject())).toMatchObject([{ severity: "ok" }])
  const ping = { onSuccess: false, ping: "https://hc.example.com/x" }
  for (const notify of [undefined, { always: ping }])
    expect(await checkReceivers(tools(), { ...subject(), settings: { ...settings, notify } })).toMatchObject([
      { check: "notifications", subject: "chat", severity: "warn", what: "nobody is told of its alarms" },
    ])
})

test("free space: a plan that is stale removes nothing", async () => {
  await writeFile(join(directory, "data/server.log.1"), "rotated")
  const plan = await planFreeSpace(tools(), app(), [], ctx)
  await writeFile(join(directory, "data/server.log.2"), "another")
  await expect(applyFreeSpace(tools(), plan, [], "holdfast doctor --free-space", ctx)).rejects.toMatchObject({ code: "PLAN_STALE" })
  expect(await readdir(join(directory, "data"))).toContain("server.log.1")
})
