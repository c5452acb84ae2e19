import { execFileSync, spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { closeSync, existsSync, openSync } from "node:fs"
import { chmod, chown, copyFile, link, mkdir, open, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setImmediate as breathe } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { isHoldfastError } from "../../../base/errors.ts"
import { sqliteBench, type SqliteBench } from "../../../../test/fixture/sqlite/bench.ts"
import { addMessages, makeChat } from "../../../../test/fixture/sqlite/chat.ts"
import { startWriter } from "../../../../test/fixture/sqlite/live-writer.ts"
import { createSqliteEngine } from "./sqlite.ts"

let bench: SqliteBench
let path = ""
beforeEach(async () => {
  bench = await sqliteBench({ busyTimeoutMs: 300 })
  path = join(bench.directory, "data", "superchat.db")
  await mkdir(join(bench.directory, "data"))
})
afterEach(async () => {
  await bench.close()
})

const capture = async (from = path) => await bench.captureToFile(bench.source(from), null, bench.context())
const digest = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex")

/** Changes that Node's SQLite does not allow. */
const shell = (sql: string): string => execFileSync("sqlite3", [path, sql], { encoding: "utf8" })

/** Copies a database as a server leaves it that was killed: the newest rows are only in the log. */
async function killedServer(messagesInLog: number): Promise<void> {
  const made = join(bench.directory, "made.db")
  makeChat(made, { messages: 20 })
  const database = new DatabaseSync(made)
  database.exec("PRAGMA wal_autocheckpoint = 0")
  addMessages(database, 21, messagesInLog)
  for (const ending of ["", "-wal"]) await copyFile(made + ending, path + ending)
  database.close()
}

function messagesIn(file: string): { count: number; highest: number } {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare("SELECT count(*) AS count, max(id) AS highest FROM Message").get()
  database.close()
  return { count: Number(row?.["count"]), highest: Number(row?.["highest"]) }
}

describe("a live database", () => {
  it("is captured under a writer without a gap, with every row acknowledged before the snapshot", async () => {
    makeChat(path)
    const writer = await startWriter(path)
    try {
      for (const _ of [1, 2, 3]) {
        const acknowledged = await writer.acknowledged()
        const captured = await capture()
        const { count, highest } = messagesIn(captured.file)
        expect(highest).toBeGreaterThanOrEqual(acknowledged)
        expect(count).toBe(highest)
        expect(captured.facts.rows["Message"]).toBe(count)
        expect(captured.access).toBe("vacuum-into")
        await writer.progress()
      }
    } finally {
      await writer.stop()
    }
  })

  it("is neither checkpointed nor changed by a capture", async () => {
    await killedServer(500)
    const before = [await digest(path), await digest(`${path}-wal`)]
    const captured = await capture()
    expect(messagesIn(captured.file)).toEqual({ count: 520, highest: 520 })
    expect([await digest(path), await digest(`${path}-wal`)]).toEqual(before)
  })

  it("is captured whole when its log is larger than the database", async () => {
    await killedServer(3000)
    expect((await stat(`${path}-wal`)).size).toBeGreaterThan((await stat(path)).size)
    expect((await capture()).facts.rows["Message"]).toBe(3020)
  })

  it("is found through a symbolic link, with the log beside the real file", async () => {
    await killedServer(100)
    await symlink(path, join(bench.directory, "link.db"))
    expect((await capture(join(bench.directory, "link.db"))).facts.rows["Message"]).toBe(120)
  })

  it("counts the app's own tables: WITHOUT ROWID and full-text ones too, shadow tables not", async () => {
    makeChat(path, { fullText: true, messages: 7 })
    expect((await capture()).facts.rows).toEqual({
      Message: 7,
      MessageText: 7,
      User: 2,
      UserChannelState: 3,
      schema_migrations: 2,
    })
  })

  it.each([512, 1024, 4096, 32_768, 65_536])("with pages of %i bytes comes back with the same shape", async (pageSize) => {
    makeChat(path, { pageSize })
    const captured = await capture()
    expect(captured.shape.pragmas).toMatchObject({
      page_size: String(pageSize),
      journal_mode: "wal",
      user_version: "13",
      application_id: "1751085165",
      encoding: "UTF-8",
    })
    const names = bench.engine.planNames(bench.source(path), "op")
    await bench.fromFile(captured.file, async (dump) => {
      await bench.engine.stage(bench.source(path), names.staged, dump, captured.shape, null, bench.context())
    })
    const staged = new DatabaseSync(names.staged, { readOnly: true })
    expect(staged.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" })
    expect(staged.prepare("PRAGMA page_size").get()).toEqual({ page_size: pageSize })
    expect(staged.prepare("PRAGMA user_version").get()).toEqual({ user_version: 13 })
    staged.close()
  })

  it("whose schema uses double-quoted texts is captured", async () => {
    const database = new DatabaseSync(path, { enableDoubleQuotedStringLiterals: true })
    database.exec('CREATE TABLE t (a TEXT DEFAULT "none"); CREATE INDEX i ON t (a) WHERE a <> "none"; INSERT INTO t VALUES (\'x\')')
    database.close()
    expect((await capture()).facts.rows).toEqual({ t: 1 })
  })

  it("with broken foreign keys is captured, and that is said", async () => {
    makeChat(path, { messages: 4 })
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false })
    database.exec("DELETE FROM User WHERE id = 1")
    database.close()
    expect((await capture()).warnings).toEqual(["2 rows of Message break a foreign key"])
  })

  it("with a collation that only the app has is captured page by page, and what could not be checked is said", async () => {
    shell("CREATE TABLE t (a TEXT COLLATE NOCASE); CREATE INDEX t_a ON t (a); CREATE TABLE plain (b)")
    shell("INSERT INTO t VALUES ('x'); INSERT INTO plain VALUES (1)")
    shell("PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'ICU_SV')")
    const captured = await capture()
    expect(captured.access).toBe("backup")
    expect(captured.facts.rows).toEqual({ plain: 1, t: 1 })
    expect(captured.warnings[0]).toBe("the order inside t could not be checked: no such collation sequence: ICU_SV")
  })
})

describe("a database that cannot be opened where it lies", () => {
  it("is copied with its log on a read-only mount", async () => {
    await killedServer(200)
    const mounted = join(bench.directory, "read-only")
    await mkdir(mounted)
    execFileSync("mount", ["--bind", join(bench.directory, "data"), mounted])
    execFileSync("mount", ["-o", "remount,bind,ro", mounted])
    try {
      const captured = await capture(join(mounted, "superchat.db"))
      expect(captured.access).toBe("copy")
      expect(captured.facts.rows["Message"]).toBe(220)
      expect(captured.shape.pragmas["journal_mode"]).toBe("wal")
      const inspection = await bench.engine.inspect(bench.source(join(mounted, "superchat.db")), bench.context())
      expect(inspection.access).toBe("copy")
      expect(inspection.canSwap).toMatchObject({ allowed: false })
    } finally {
      execFileSync("umount", [mounted])
    }
  })

  it("is copied with its hot journal, and the cut-off transaction is rolled back in the copy only", async () => {
    const made = join(bench.directory, "made.db")
    makeChat(made, { journalMode: "delete", messages: 50 })
    const database = new DatabaseSync(made)
    database.exec("PRAGMA cache_size = 1; BEGIN; UPDATE Message SET body = body || 'never committed and long enough to spill'")
    database.exec("CREATE TABLE never (committed)")
    for (const ending of ["", "-journal"]) await copyFile(made + ending, path + ending)
    database.close()
    const before = [await digest(path), await digest(`${path}-journal`)]
    const captured = await capture()
    expect(captured.access).toBe("copy")
    expect(captured.facts.rows).not.toHaveProperty("never")
    expect([await digest(path), await digest(`${path}-journal`)]).toEqual(before)
  })
})

describe("what is refused", () => {
  const refusal = async (from = path): Promise<unknown> => await capture(from).catch((thrown: unknown) => thrown)

  it("a missing file", async () => {
    expect(await refusal()).toMatchObject({
      code: "DATABASE_MISSING",
      message: `database file ${path} does not exist`,
      hint: "Check the file's path in the settings, and that its disk is mounted.",
    })
  })

  it("a file of zero length, which SQLite would call a good database", async () => {
    await writeFile(path, "")
    expect(await refusal()).toMatchObject({
      code: "SQLITE_NOT_A_DATABASE",
      message: `${path} is not a SQLite database`,
      why: "the file is empty (0 bytes)",
    })
  })

  it.each([
    ["an encrypted file", randomBytes(8192)],
    ["another program's file", Buffer.from("PK\u0003\u0004 and more of a zip archive")],
  ])("%s", async (_title, content) => {
    await writeFile(path, content)
    expect(await refusal()).toMatchObject({ code: "SQLITE_NOT_A_DATABASE", message: `${path} is not a SQLite database` })
  })

  it("a directory and a volume that nobody located", async () => {
    expect(await refusal(bench.directory)).toMatchObject({
      code: "SQLITE_NOT_A_DATABASE",
      message: `${bench.directory} is not a regular file`,
    })
    const volume = { engine: "sqlite", name: "main", place: { volume: "data", path: "a.db" } } as const
    await expect(bench.engine.inspect(volume, bench.context())).rejects.toMatchObject({ code: "VOLUME_NOT_VISIBLE" })
  })

  it("a file with a second name", async () => {
    makeChat(path)
    await link(path, join(bench.directory, "second.db"))
    expect(await refusal()).toMatchObject({ code: "SQLITE_LINKED", message: `${path} has 2 names` })
  })

  it("a database under an exclusive lock, after a bounded wait", async () => {
    makeChat(path, { journalMode: "delete" })
    const holder = new DatabaseSync(path)
    holder.exec("BEGIN EXCLUSIVE")
    try {
      expect(await refusal()).toMatchObject({
        code: "SQLITE_BUSY",
        message: `${path} is locked by another program`,
        why: "database is locked",
      })
    } finally {
      holder.close()
    }
  })

  it.each([
    ["a page of the table", 0.5],
    ["a page near the end", 0.9],
  ])("a damaged database (%s)", async (_title, share) => {
    makeChat(path, { messages: 3000 })
    const bytes = await readFile(path)
    const at = Math.floor((bytes.length * share) / 4096) * 4096
    bytes.fill(0xa5, at, at + 4096)
    await writeFile(path, bytes)
    expect(await refusal()).toMatchObject({ code: "SQLITE_DAMAGED" })
  })

  it("a copy of which integrity_check says anything but exactly one ok", async () => {
    // An index whose name contains `ok`, with an entry missing: `grep ok` would pass it. The collation keeps VACUUM from healing it.
    shell("CREATE TABLE book (a TEXT); CREATE INDEX idx_tok ON book (a); INSERT INTO book VALUES ('one'), ('two')")
    shell(
      "CREATE TABLE u (b TEXT COLLATE NOCASE); PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'ICU_SV')",
    )
    const page = shell("SELECT rootpage FROM sqlite_schema WHERE name = 'idx_tok'").trim()
    shell("PRAGMA writable_schema = on; DELETE FROM sqlite_schema WHERE name = 'idx_tok'")
    shell("DELETE FROM book WHERE a = 'one'")
    shell(
      `PRAGMA writable_schema = on; INSERT INTO sqlite_schema VALUES ('index', 'idx_tok', 'book', ${page}, 'CREATE INDEX idx_tok ON book (a)')`,
    )
    const thrown = await refusal()
    expect(thrown).toMatchObject({ code: "SQLITE_DAMAGED", message: `${path} is damaged: integrity_check did not say ok` })
    expect(isHoldfastError(thrown) && thrown.why).toContain("idx_tok")
  })

  it("a scratch directory without room, before anything is copied", async () => {
    makeChat(path, { messages: 8000 })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", bench.scratchDirectory])
    try {
      expect(String(await refusal())).toMatch(/^HoldfastError: capturing main needs .* in .*, 256 KiB are free$/)
    } finally {
      execFileSync("umount", [bench.scratchDirectory])
    }
  })
})

describe("an interrupted capture", () => {
  it("whose child is killed half-way hands nothing over and leaves nothing behind", async () => {
    makeChat(path, { messages: 30_000 })
    let node = 0
    const processes = {
      ...bench.processes,
      run: async (request: Parameters<typeof bench.processes.run>[0]) => {
        const child = bench.processes.start(request)
        if (request.argv[0] === process.execPath) node = child.processId
        return await child.done
      },
    }
    const engine = createSqliteEngine({ processes, scratchDirectory: bench.scratchDirectory, nodeBinary: process.execPath })
    const sink = join(bench.directory, "sink")
    const file = await open(sink, "wx")
    const capturing = engine
      .capture(bench.source(path), { fd: file.fd, path: sink }, null, bench.context())
      .catch((thrown: unknown) => thrown)
    while (!(await readdir(bench.scratchDirectory, { recursive: true })).some((name) => name.endsWith("capture.db"))) await breathe()
    process.kill(node, "SIGKILL")
    expect(await capturing).toMatchObject({ code: "TOOL_FAILED", message: `the process that reads ${path} ended with signal SIGKILL` })
    await file.close()
    expect((await stat(sink)).size).toBe(0)
    expect(await readdir(bench.scratchDirectory)).toEqual([])
  })

  it("whose reader has gone fails", async () => {
    makeChat(path, { messages: 3000 })
    const fifo = join(bench.directory, "fifo")
    execFileSync("mkfifo", [fifo])
    const reader = spawn("sh", ["-c", `head -c 1 < ${fifo} > /dev/null`])
    const fd = openSync(fifo, "w")
    try {
      await expect(bench.engine.capture(bench.source(path), { fd, path: fifo }, null, bench.context())).rejects.toMatchObject({
        code: "DATABASE_DUMP_FAILED",
        message: "the database's copy could not be handed over",
      })
    } finally {
      closeSync(fd)
      reader.kill()
    }
  })

  it("of an operation that died is swept", async () => {
    await mkdir(join(bench.scratchDirectory, "sqlite-dead-op-x1"), { recursive: true })
    await mkdir(join(bench.scratchDirectory, "sqlite-other-op-x1"), { recursive: true })
    await bench.engine.endSessions(bench.source(path), "dead-op", bench.context())
    expect(await readdir(bench.scratchDirectory)).toEqual(["sqlite-other-op-x1"])
  })
})

describe("replacing a live database", () => {
  it("is refused while another program has it open, and names it", async () => {
    makeChat(path)
    const writer = await startWriter(path)
    try {
      const names = bench.engine.planNames(bench.source(path), "op")
      const captured = await capture()
      await bench.fromFile(captured.file, async (dump) => {
        await bench.engine.stage(bench.source(path), names.staged, dump, captured.shape, null, bench.context())
      })
      const sessions = await bench.engine.sessions(bench.source(path), bench.context())
      expect(sessions.map(({ user, address }) => ({ user, address }))).toEqual([
        { user: String(process.getuid?.()), address: `pid ${writer.processId}` },
      ])
      expect(sessions[0]?.program).toMatch(/node|MainThread/)
      await expect(bench.engine.swapIn(bench.source(path), names, bench.context())).rejects.toMatchObject({ code: "DATABASE_IN_USE" })
      expect(await bench.engine.observe(bench.source(path), names, bench.context())).toMatchObject({
        live: true,
        staged: true,
        kept: false,
      })
    } finally {
      await writer.stop()
    }
  })

  it("keeps owner and mode of the live file, and takes the recorded ones where there is none", async () => {
    makeChat(path)
    await chown(path, 1000, 1001)
    await chmod(path, 0o640)
    const captured = await capture()
    for (const target of [path, join(bench.directory, "fresh.db")]) {
      const source = bench.source(target)
      const names = bench.engine.planNames(source, "op")
      await bench.fromFile(captured.file, async (dump) => {
        await bench.engine.stage(source, names.staged, dump, captured.shape, null, bench.context())
      })
      await bench.engine.swapIn(source, names, bench.context())
      const status = await stat(target)
      expect([status.uid, status.gid, status.mode & 0o777], target).toEqual([1000, 1001, 0o640])
      expect(existsSync(`${target}-wal`)).toBe(false)
    }
    await rm(path)
  })
})
