/** The main job on a plain program with SQLite, without containers: backed up hot, proven, broken, restored, rebuilt on an empty host. */
import { copyFile, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, it } from "vitest"
import { backupOutput, drillOutput, pointsOutput, restoreOutput, verifyOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { describeRun } from "./cli.ts"
import { acknowledgedNow, sqliteApp, type AppFacts, type SqliteApp } from "./sqlite-app.ts"

async function expectSame(app: SqliteApp, before: AppFacts): Promise<void> {
  const now = await app.facts(before.acknowledged)
  expect(now).toMatchObject({
    rows: before.acknowledged,
    rowsDigest: before.rowsDigest,
    corruptRows: 0,
    lostUploads: 0,
    secret: before.secret,
  })
  expect(now.uploads).toMatchObject(before.uploads)
}

async function backUp(app: SqliteApp, ...words: readonly string[]) {
  const { point } = await app.cli.json(backupOutput, ["backup", "chat", ...words])
  if (point === null) throw new Error("no point was taken")
  return point
}

async function must(app: SqliteApp, ...words: readonly string[]): Promise<void> {
  const ended = await app.cli.run(...words)
  expect(ended.exitCode, describeRun(words, ended)).toBe(0)
}

/** As a crash leaves it: rows are wrong, files are gone, the program is dead, its log lies beside. */
async function breakApp(app: SqliteApp): Promise<void> {
  const processId = Number(await readFile(join(app.folder, "run/pid"), "utf8"))
  const database = new DatabaseSync(app.database, { timeout: 10_000 })
  // Held open over the kill, so that nothing folds the log into the database.
  database.exec("UPDATE message SET body = 'garbage' WHERE id % 5 = 0")
  process.kill(processId, "SIGKILL")
  // Where nobody reaps it, its number stays; its words are gone with it.
  await expect.poll(async () => await readFile(`/proc/${processId}/cmdline`, "utf8").catch(() => ""), { timeout: 30_000 }).toBe("")
  const sides = await Promise.all(["-wal", "-shm"].map(async (ending) => await readFile(app.database + ending)))
  database.close()
  for (const [index, ending] of ["-wal", "-shm"].entries()) await writeFile(app.database + ending, sides[index] ?? "")
  const uploads = join(app.folder, "uploads")
  for (const name of (await readdir(uploads)).slice(0, 10)) await rm(join(uploads, name))
}

describeNeeding("restic")("a plain program with SQLite", () => {
  it("is backed up while it writes, proven, broken, restored, undone, restored, wiped and rebuilt from vault and key", async () => {
    const app = await sqliteApp()
    const before = await acknowledgedNow(app)
    const point = await backUp(app)
    await app.cli.json(verifyOutput, ["verify", "chat", point.id])
    const drill = await app.cli.json(drillOutput, ["drill", "chat", point.id, "--level", "restored"])
    expect(drill.assertions.filter((one) => !one.passed)).toEqual([])

    await breakApp(app)
    expect((await lstat(`${app.database}-wal`)).size).toBeGreaterThan(0)
    const restored = await app.cli.json(restoreOutput, ["restore", "chat", point.id, "--yes"])
    await expectSame(app, before)

    await must(app, "undo", restored.operationId, "--yes")
    const broken = await app.facts(before.acknowledged)
    expect(broken.corruptRows).toBeGreaterThan(0)
    expect(broken.lostUploads).toBeGreaterThan(0)
    await must(app, "restore", "chat", point.id, "--yes")
    await expectSame(app, before)

    await app.call("stop")
    const key = join(app.directory, "the-only-thing-left.key")
    await copyFile(join(app.cli.place.stateDirectory, "keys/local.key"), key)
    for (const gone of [app.folder, app.settingsFile, app.cli.place.stateDirectory]) await rm(gone, { recursive: true })
    await mkdir(app.cli.place.stateDirectory)
    await must(app, "rebuild", point.id, "--vault", join(app.directory, "vault"), "--key", key, "--app", "chat", "--yes")
    await expectSame(app, before)
    const next = await backUp(app)
    expect(next.parts.length).toBe(point.parts.length)
  })

  it("is stopped for a cold point and always started again; hooks run around it, the one after also when it failed", async () => {
    const app = await sqliteApp()
    const settings = await readFile(app.settingsFile, "utf8")
    const marks = join(app.directory, "marks")
    const hook = (word: string): string => JSON.stringify(["/bin/sh", "-c", `echo ${word} >> ${marks}`])
    await writeFile(app.settingsFile, `${settings}    hooks: { before: [${hook("before")}], after: [${hook("after")}] }\n`)
    const processId = await readFile(join(app.folder, "run/pid"), "utf8")
    const before = await acknowledgedNow(app)
    await backUp(app, "--cold")
    expect(await readFile(join(app.folder, "run/pid"), "utf8")).not.toBe(processId)
    await expectSame(app, before)
    await app.call("health")
    expect(await readFile(marks, "utf8")).toBe("before\nafter\n")

    const failing = JSON.stringify(["/bin/sh", "-c", "echo no >&2; exit 3"])
    await writeFile(app.settingsFile, `${settings}    hooks: { before: [${failing}], after: [${hook("after")}] }\n`)
    expect(await app.cli.error("backup", "chat")).toMatchObject({
      code: "HOOK_FAILED",
      what: "the hook /bin/sh ended with exit code 3",
      why: "no",
    })
    expect(await readFile(marks, "utf8")).toBe("before\nafter\nafter\n")
    await rm(join(app.folder, "uploads"), { recursive: true })
    await writeFile(app.settingsFile, `${settings}    hooks: { before: [], after: [${hook("after")}] }\n`)
    expect(await app.cli.error("backup", "chat", "--cold")).toMatchObject({ code: "SOURCE_MISSING" })
    expect(await readFile(marks, "utf8")).toBe("before\nafter\nafter\nafter\n")
    await expect.poll(async () => (await app.facts().catch(() => null))?.acknowledged ?? 0, { timeout: 60_000 }).toBeGreaterThan(0)
    expect((await app.cli.json(pointsOutput, ["points", "chat"])).points.length).toBe(1)
  })

  it("gets one migration point for each version that is about to start, none for a restart", async () => {
    const app = await sqliteApp()
    const count = async (): Promise<number> => (await app.cli.json(pointsOutput, ["points", "chat"])).points.length
    await must(app, "backup", "chat", "--before-migration", "2.0.0")
    expect(await count()).toBe(1)
    await must(app, "backup", "chat", "--before-migration", "2.0.0")
    expect(await count()).toBe(1)
    await must(app, "backup", "chat", "--before-migration", "2.1.0")
    expect(await count()).toBe(2)
  })

  it("keeps its database inside the file tree: neither is lost when the other is restored", async () => {
    // As SuperChat's volume: database, configuration and host key in one directory.
    const tree = `    databases: { main: { sqlite: ./srv/data/chat.db } }
    files: { data: { path: ./srv/data } }
    secrets: [./srv/secrets]`
    const app = await sqliteApp("", tree)
    const data = join(app.folder, "data")
    await writeFile(join(data, "config.toml"), "port = 6465\n")
    await writeFile(join(data, "ssh_host_key"), "the host key\n", { mode: 0o600 })
    const before = await acknowledgedNow(app)
    const point = await backUp(app)
    const rowsAtPoint = (await acknowledgedNow(app)).acknowledged

    await rm(join(data, "ssh_host_key"))
    await writeFile(join(data, "config.toml"), "")
    const later = await acknowledgedNow(app)
    expect(later.acknowledged).toBeGreaterThanOrEqual(rowsAtPoint)
    const files = await app.cli.json(restoreOutput, ["restore", "chat", point.id, "--only", "files", "--yes"])
    expect(await readFile(join(data, "ssh_host_key"), "utf8")).toBe("the host key\n")
    expect((await lstat(join(data, "ssh_host_key"))).mode & 0o777).toBe(0o600)
    const kept = await app.facts(later.acknowledged)
    expect(kept).toMatchObject({ rows: later.acknowledged, rowsDigest: later.rowsDigest })

    await must(app, "undo", files.operationId, "--yes")
    expect(await readFile(join(data, "config.toml"), "utf8")).toBe("")
    expect(await app.facts(later.acknowledged)).toMatchObject({ rows: later.acknowledged, rowsDigest: later.rowsDigest })

    const whole = await app.cli.json(restoreOutput, ["restore", "chat", point.id, "--yes"])
    const back = await app.facts(before.acknowledged)
    expect(back).toMatchObject({ rows: before.acknowledged, rowsDigest: before.rowsDigest, corruptRows: 0 })
    expect(await readFile(join(data, "config.toml"), "utf8")).toBe("port = 6465\n")
    await must(app, "undo", whole.operationId, "--yes")
    expect(await app.facts(later.acknowledged)).toMatchObject({ rows: later.acknowledged, rowsDigest: later.rowsDigest })
    expect(await readFile(join(data, "config.toml"), "utf8")).toBe("")
  })
})
