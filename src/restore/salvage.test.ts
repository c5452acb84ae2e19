import { createHash } from "node:crypto"
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, expect, it } from "vitest"
import { sqliteBench, type SqliteBench } from "../../test/fixture/sqlite/bench.ts"
import { addMessages, makeChat } from "../../test/fixture/sqlite/chat.ts"
import { createSqliteSalvager } from "../tool/engine/sqlite/recover.ts"
import type { Salvager } from "./salvage-ports.ts"
import { salvage, type SalvageOptions } from "./salvage.ts"

let bench: SqliteBench
let tools: Salvager
let file = ""
beforeEach(async () => {
  bench = await sqliteBench()
  tools = createSqliteSalvager({ processes: bench.processes, scratchDirectory: bench.scratchDirectory, nodeBinary: process.execPath })
  await mkdir(join(bench.directory, "data"))
  file = join(bench.directory, "data", "superchat.db")
})
afterEach(async () => {
  await bench.close()
})

const save = async (options: Partial<SalvageOptions> = {}, from = file) =>
  await salvage(tools, from, { into: null, lastGoodRows: null, ...options }, bench.context())

const digest = async (path: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex")

function rowsIn(path: string, table: string): number {
  const database = new DatabaseSync(path, { readOnly: true })
  const count = Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"])
  database.close()
  return count
}

/** A server that was killed: 20 messages in the file, the rest only in its log. */
async function killedServer(inLog: number): Promise<void> {
  const made = join(bench.directory, "made.db")
  makeChat(made, { messages: 20 })
  const database = new DatabaseSync(made)
  database.exec("PRAGMA wal_autocheckpoint = 0")
  addMessages(database, 21, inLog)
  for (const ending of ["", "-wal"]) await copyFile(made + ending, file + ending)
  database.close()
}

async function damage(change: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(file)
  change(bytes)
  await writeFile(file, bytes)
}

it("a whole file comes back with the rows of its log, and neither is touched", async () => {
  await killedServer(300)
  await chmod(file, 0o640)
  const before = [await digest(file), await digest(`${file}-wal`)]
  const report = await save({ lastGoodRows: { Message: 310, User: 2 } })
  expect(report).toMatchObject({ method: "whole", damage: [], salvaged: `${file}.salvaged`, lostAndFound: 0, warnings: [] })
  expect(report.logBytes).toBeGreaterThan(0)
  expect(report.tables).toContainEqual({ table: "Message", rows: 320, lastGood: 310 })
  expect(report.tables).toContainEqual({ table: "UserChannelState", rows: 3, lastGood: null })
  expect(rowsIn(report.salvaged, "Message")).toBe(320)
  expect((await stat(report.salvaged)).mode & 0o777).toBe(0o640)
  expect([await digest(file), await digest(`${file}-wal`)]).toEqual(before)
  expect(await readdir(bench.scratchDirectory)).toEqual([])
})

it("of a damaged file everything that can be read is saved, and what is missing is named", async () => {
  makeChat(file, { messages: 3000 })
  await damage((bytes) => {
    const middle = Math.floor(bytes.length / 2 / 4096) * 4096
    bytes.fill(0xa5, middle, middle + 2 * 4096)
  })
  const before = await digest(file)
  const report = await save({ lastGoodRows: { Message: 3000, User: 2, Gone: 5 } })
  expect(report.method).toBe("recovered")
  expect(report.damage.length).toBeGreaterThan(0)
  const saved = rowsIn(report.salvaged, "Message")
  expect(saved).toBeGreaterThan(2500)
  expect(saved).toBeLessThan(3000)
  expect(report.tables).toContainEqual({ table: "Message", rows: saved, lastGood: 3000 })
  expect(report.tables).toContainEqual({ table: "Gone", rows: 0, lastGood: 5 })
  expect(report.warnings).toEqual([
    `Message: ${saved} rows saved, the last good point has 3000`,
    "Gone: 0 rows saved, the last good point has 5",
  ])
  expect(await digest(file)).toBe(before)
})

it("a file cut off in the middle gives the rows before the cut", async () => {
  makeChat(file, { messages: 3000 })
  const bytes = await readFile(file)
  await writeFile(file, bytes.subarray(0, Math.floor(bytes.length * 0.7)))
  const report = await save()
  expect(report.method).toBe("recovered")
  expect(rowsIn(report.salvaged, "Message")).toBeGreaterThan(1000)
})

it("a migration backup that was copied without its log is called a suspect although it is whole", async () => {
  await killedServer(300)
  const backup = join(bench.directory, "data", "superchat.db.backup-v9-20260419-120000")
  await copyFile(file, backup)
  const report = await save({ lastGoodRows: { Message: 320 } }, backup)
  expect(report).toMatchObject({ method: "whole", damage: [] })
  expect(report.warnings).toEqual([
    "superchat.db.backup-v9-20260419-120000 was made by copying the database without its log: rows that were only in the log are missing, although every check says ok",
    "Message: 20 rows saved, the last good point has 320",
  ])
})

it("never overwrites anything", async () => {
  makeChat(file)
  await writeFile(`${file}.salvaged`, "precious")
  await expect(save()).rejects.toMatchObject({ code: "TARGET_NOT_EMPTY", message: `${file}.salvaged is there already` })
  expect(await readFile(`${file}.salvaged`, "utf8")).toBe("precious")
})

it("says so when nothing can be read, and leaves nothing behind", async () => {
  await writeFile(file, Buffer.alloc(64 * 1024, 0xa5))
  await expect(save()).rejects.toMatchObject({ code: "SALVAGE_FAILED" })
  expect(await readdir(join(bench.directory, "data"))).toEqual(["superchat.db"])
  expect(await readdir(bench.scratchDirectory)).toEqual([])
})
