/** A damaged SQLite file whose log is still there: what is saved, counted against the newest point (C74, C82). */
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { salvageOutput } from "../../src/contract/output-points.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { addMessages, makeChat } from "../fixture/sqlite/chat.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const PAGE_BYTES = 4096

/** An app of one SQLite file, in `holdfast.yaml`. */
async function app(directory: string): Promise<{ cli: Cli; file: string }> {
  const file = join(directory, "data", "chat.db")
  await mkdir(join(directory, "data"))
  await writeFile(
    join(directory, "holdfast.yaml"),
    `vaults: { local: { path: ./vault } }\napps: { chat: { databases: { main: { sqlite: ${file} } }, secrets: [] } }\n`,
  )
  return { cli: cliIn({ cwd: directory, stateDirectory: join(directory, "state") }), file }
}

/** A killed server: 300 messages in the file, 50 only in its log, and then a torn page in the table. */
async function leaveDamaged(directory: string, file: string): Promise<void> {
  const made = join(directory, "made.db")
  await copyFile(file, made)
  const database = new DatabaseSync(made)
  database.exec("PRAGMA wal_autocheckpoint = 0")
  addMessages(database, 301, 50)
  for (const ending of ["", "-wal"]) await copyFile(made + ending, file + ending)
  database.close()
  const bytes = await readFile(file)
  bytes.fill(0xa5, 12 * PAGE_BYTES, 13 * PAGE_BYTES)
  await writeFile(file, bytes)
}

describeNeeding("restic", "sqlite3")("holdfast salvage", () => {
  it("saves what can be read with the rows of the log, and counts it against the newest point", async () => {
    const directory = await temporaryDirectory("salvage")
    const { cli, file } = await app(directory)
    makeChat(file, { messages: 300 })
    const { point } = await cli.json(backupOutput, ["backup", "chat"])
    await leaveDamaged(directory, file)
    const before = await readFile(file)
    expect((await cli.error("backup", "chat")).code).toBe("SQLITE_DAMAGED")

    const report = await cli.json(salvageOutput, ["salvage", file, "--app", "chat", "--into", "saved.db"])

    expect(report).toMatchObject({ file, salvaged: join(directory, "saved.db"), method: "recovered", comparedWith: point?.id })
    expect(report.logBytes).toBeGreaterThan(0)
    const messages = report.tables.find((table) => table.table === "Message")
    expect(messages?.lastGood).toBe(300)
    expect(messages?.rows).toBeGreaterThan(250)
    expect(messages?.rows).toBeLessThan(350)
    const saved = new DatabaseSync(join(directory, "saved.db"), { readOnly: true })
    expect(saved.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }])
    expect(saved.prepare("SELECT count(*) AS n FROM Message WHERE id > 300").get()?.["n"]).toBeGreaterThan(0)
    saved.close()
    expect(await readFile(file)).toEqual(before)

    const again = await cli.error("salvage", file, "--into", "saved.db")
    expect(again).toMatchObject({ code: "TARGET_NOT_EMPTY", what: `${join(directory, "saved.db")} is there already` })
    expect((await cli.error("salvage", join(directory, "nothing.db"))).code).toBe("DATABASE_MISSING")
    expect((await cli.error("salvage", join(directory, "holdfast.yaml"))).exitCode).not.toBe(1)
    expect(await cli.error("salvage", file, "--database", "main")).toMatchObject({ code: "USAGE", what: "--database needs --app" })
  })

  it("killed in the middle, leaves no copy of the file once another command has used a vault", async () => {
    const directory = await temporaryDirectory("salvage")
    const { cli, file } = await app(directory)
    makeChat(file, { messages: 20_000 })
    await cli.json(backupOutput, ["backup", "chat"])
    const scratch = join(directory, "state/scratch")
    const copies = async (): Promise<readonly string[]> =>
      (await readdir(scratch, { recursive: true })).filter((name) => name.endsWith("source.db"))
    const salvaging = cli.start("salvage", file, "--into", "saved.db")
    await expect.poll(copies, { timeout: 30_000, interval: 2 }).toHaveLength(1)
    salvaging.kill("SIGKILL")
    expect((await salvaging.done).signal).toBe("SIGKILL")
    expect(await copies()).toHaveLength(1)
    expect((await cli.run("verify", "chat")).exitCode).toBe(0)
    expect(await readdir(scratch)).toEqual([])
  })
})
