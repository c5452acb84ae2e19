/** What other tools left becomes a point that is restored like any other, what is broken is refused; exports need no Holdfast (C5, C13, F33 to F38, F54, F57, F83). */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, expect, it } from "vitest"
import { z } from "zod"
import { operationsOutput, restoreOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { addMessages } from "../fixture/sqlite/chat.ts"
import { SUPERUSER_PASSWORD } from "../fixture/postgres/cluster.ts"
import { sampled } from "../fixture/size.ts"
import { CHAT_DATABASE, expectUntouched, smallWorld, type SmallWorld } from "./small-world.ts"

const run = promisify(execFile)
const importOutput = z.object({
  format: z.literal("holdfast.import"),
  point: z.string(),
  parts: z.array(z.string()),
  warnings: z.array(z.string()),
})
const exportOutput = z.object({ format: z.literal("holdfast.export"), point: z.string(), files: z.array(z.object({ path: z.string() })) })

let world: SmallWorld
let left = ""
let custom: Buffer = Buffer.alloc(0)
let plain: Buffer = Buffer.alloc(0)

async function dump(format: "custom" | "plain" | "tar", ...more: string[]): Promise<Buffer> {
  const args = [`--format=${format}`, "--host=127.0.0.1", `--port=${world.cluster.port}`, "--username=chat", ...more, CHAT_DATABASE]
  const password = (await readFile(join(world.directory, "chat/secrets/db_password"), "utf8")).trim()
  const options = { encoding: "buffer", env: { ...process.env, PGPASSWORD: password }, maxBuffer: 64 * 1024 * 1024 } as const
  return (await run(join(world.cluster.binDirectory, "pg_dump"), args, options)).stdout
}

async function leave(name: string, content: Buffer | string): Promise<string> {
  const path = join(left, name)
  await writeFile(path, content)
  return path
}

const users = async (): Promise<string> => await world.cluster.value(CHAT_DATABASE, "SELECT count(*) FROM users")

describeNeeding(
  "restic",
  "postgres",
  "sqlite3",
)("import and export", () => {
  beforeAll(async () => {
    world = await smallWorld()
    left = join(world.directory, "left")
    await mkdir(left)
    custom = await dump("custom")
    plain = await dump("plain")
  })
  afterAll(async () => await world.dispose())

  it("takes custom, plain and gzipped dumps by their content, whatever their names say, and restores one in place", async () => {
    const files = [
      await leave("2026.sql.gz", gzipSync(custom)),
      await leave("text.dump", plain),
      await leave("plain.gz", gzipSync(plain)),
      await leave("custom.backup", custom),
    ]
    const points: string[] = []
    for (const file of files) {
      const imported = await world.cli.json(importOutput, ["import", "chat", file, "--label", file])
      expect(imported.parts).toEqual(["database:main"])
      points.push(imported.point)
    }
    await world.cluster.sql(CHAT_DATABASE, "INSERT INTO users (name) VALUES ('after the dump')")
    expect(await users()).toBe("51")
    const [byCustom = "", byText = ""] = points
    for (const point of [byText, byCustom]) {
      await world.cli.json(restoreOutput, ["restore", "chat", point, "--yes"])
      expect(await users()).toBe("50")
      expect(await world.cluster.value(CHAT_DATABASE, "SELECT tableowner FROM pg_tables WHERE tablename = 'messages'")).toBe("chat")
      await world.cluster.sql(CHAT_DATABASE, "SET ROLE chat", "INSERT INTO users (name) VALUES ('the sequence goes on')")
      expect(await users()).toBe("51")
    }
    const owner = "SELECT pg_get_userbyid(datdba) || ' ' || datcollate FROM pg_database WHERE datname = current_database()"
    expect(await world.cluster.value(CHAT_DATABASE, owner)).toBe("chat C.UTF-8")
  })

  it("gives a dump without owners to the app's own user", async () => {
    const imported = await world.cli.json(importOutput, ["import", "chat", await leave("ownerless.sql", await dump("plain", "--no-owner"))])
    await world.cli.json(restoreOutput, ["restore", "chat", imported.point, "--yes"])
    expect(await world.cluster.value(CHAT_DATABASE, "SELECT tableowner FROM pg_tables WHERE tablename = 'messages'")).toBe("chat")
  })

  it("refuses a dump of another server's roles with what to do, and gives it to the app's own user when told so", async () => {
    const { cluster, cli } = world
    await cluster.sql("postgres", "CREATE ROLE alien", "CREATE ROLE reader", "CREATE DATABASE elsewhere OWNER alien")
    await cluster.sql(
      "elsewhere",
      "GRANT ALL ON SCHEMA public TO alien",
      "SET ROLE alien",
      "CREATE TABLE users (id int PRIMARY KEY, name text DEFAULT 'GRANT ALL ON x TO y;')",
      "INSERT INTO users VALUES (1, E'two lines\\nGRANT ALL ON users TO reader;')",
      "GRANT SELECT ON users TO reader",
      "CREATE FUNCTION note() RETURNS int LANGUAGE sql AS $$\n-- not a statement of its own:\nSELECT 1;\n$$",
      "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader",
    )
    const options = { encoding: "buffer", env: { ...process.env, PGPASSWORD: SUPERUSER_PASSWORD } } as const
    for (const format of ["custom", "plain"]) {
      const address = ["--host=127.0.0.1", `--port=${cluster.port}`, "--username=admin", "elsewhere"]
      const dumped = await run(join(cluster.binDirectory, "pg_dump"), [`--format=${format}`, ...address], options)
      const file = await leave(`alien.${format}`, dumped.stdout)
      expect(await cli.error("import", "chat", file)).toMatchObject({
        code: "DATABASE_RESTORE_FAILED",
        why: expect.stringMatching(/role "(alien|reader)" does not exist/) as unknown,
        hint: "Import it with --no-owner: owners and grants are left out then, and everything belongs to chat.",
      })
      const imported = await cli.json(importOutput, ["import", "chat", file, "--no-owner"])
      expect(imported.warnings).toContain("owners and grants were left out: everything belongs to chat")
      await cli.json(restoreOutput, ["restore", "chat", imported.point, "--yes"])
      const table =
        "SELECT tableowner || coalesce(relacl::text, '') FROM pg_tables JOIN pg_class ON relname = tablename WHERE tablename = 'users'"
      expect(await cluster.value(CHAT_DATABASE, table)).toBe("chat")
      expect(await cluster.value(CHAT_DATABASE, "SELECT name FROM users")).toBe("two lines\nGRANT ALL ON users TO reader;")
      expect(await cluster.value(CHAT_DATABASE, "SELECT note()")).toBe("1")
      const { operations } = await cli.json(operationsOutput, ["operations", "--app", "chat"])
      const restore = operations.find((one) => one.kind === "restore")?.id ?? ""
      expect((await cli.run("undo", restore, "--yes")).exitCode).toBe(0)
    }
  })

  it("takes the version from a Weavestream manifest, and holds the dump to it", async () => {
    const sha256 = createHash("sha256").update(custom).digest("hex")
    const stem = "weavestream-postgres-2026-05-01T03-00-00Z"
    const path = await leave(`${stem}.dump`, custom)
    const manifest = { weavestreamVersion: "1.9.0", filename: `${stem}.dump`, sizeBytes: custom.length, sha256 }
    await leave(`${stem}.manifest.json`, JSON.stringify(manifest))
    expect((await world.cli.json(importOutput, ["import", "chat", path])).point).toMatch(/-1\.9\.0(-\d+)?$/)
    await leave(`${stem}.manifest.json`, JSON.stringify({ ...manifest, sizeBytes: custom.length + 1 }))
    expect(await world.cli.error("import", "chat", path)).toMatchObject({
      code: "DUMP_DAMAGED",
      what: `${path} has ${custom.length} bytes, its manifest says ${custom.length + 1}`,
    })
    await leave(
      `${stem}.manifest.json`,
      JSON.stringify({ ...manifest, sha256: sha256.replace(/^./, (first) => (first === "0" ? "1" : "0")) }),
    )
    expect(await world.cli.error("import", "chat", path)).toMatchObject({
      code: "DUMP_DAMAGED",
      what: `${path} is not the file its manifest describes`,
    })
  })

  it("takes a migration backup with the rows that are still in its WAL, and gzipped database files, and restores in place", async () => {
    const live = join(world.directory, "notes/notes.db")
    const writer = new DatabaseSync(live)
    writer.exec("PRAGMA wal_autocheckpoint = 0")
    addMessages(writer, 10_001, 25)
    const path = join(left, "superchat.db.backup-v2-20250105-140000")
    await writeFile(path, await readFile(live))
    await writeFile(`${path}-wal`, await readFile(`${live}-wal`))
    writer.close()
    const imported = await world.cli.json(importOutput, ["import", "notes", path])
    const rows = (): unknown => {
      const database = new DatabaseSync(live, { readOnly: true })
      try {
        return database.prepare("SELECT count(*) AS n FROM Message").get()?.["n"]
      } finally {
        database.close()
      }
    }
    const damaged = new DatabaseSync(live)
    damaged.exec("DELETE FROM Message")
    damaged.close()
    await world.cli.json(restoreOutput, ["restore", "notes", imported.point, "--yes"])
    expect(rows()).toBe(425)
    const zipped = await leave("notes.db.gz", gzipSync(await readFile(live)))
    expect((await world.cli.json(importOutput, ["import", "notes", zipped])).parts).toEqual(["database:main"])
  })

  it("unpacks an archive of uploads", async () => {
    const path = join(left, "uploads.tar.gz")
    await run("tar", ["--create", "--gzip", "--file", path, "--directory", join(world.directory, "chat/uploads"), "."])
    const imported = await world.cli.json(importOutput, ["import", "chat", path])
    expect(imported.parts).toEqual(["files:uploads"])
    await writeFile(join(world.directory, "chat/uploads/one.txt"), "spoilt")
    await world.cli.json(restoreOutput, ["restore", "chat", imported.point, "--yes"])
    expect(await readFile(join(world.directory, "chat/uploads/one.txt"), "utf8")).toBe("first upload\n")
  })

  it("refuses what is cut, damaged or foreign, each with its own word, and leaves nothing behind", async () => {
    const cut = (bytes: Buffer, part: number): Buffer => bytes.subarray(0, Math.floor(bytes.length * part))
    const flipped = Buffer.from(custom)
    flipped[Math.floor(custom.length / 2)] = (flipped[Math.floor(custom.length / 2)] ?? 0) ^ 0xff
    const database = await readFile(join(world.directory, "notes/notes.db"))
    const before = await world.live()
    const cases: readonly (readonly [string, Buffer, string, string, string])[] = [
      ["cut.dump", cut(custom, 0.5), "chat", "DUMP_TRUNCATED", "the dump cannot be read to its end"],
      ["last.dump", custom.subarray(0, -1), "chat", "DUMP_TRUNCATED", "the dump cannot be read to its end"],
      ["cut.sql", cut(plain, 0.99), "chat", "DUMP_TRUNCATED", "{} does not end as pg_dump ends a plain dump"],
      ["cut.sql.gz", cut(gzipSync(plain), 0.9), "chat", "DUMP_TRUNCATED", "{} cannot be unpacked to its end"],
      ["empty.dump", Buffer.alloc(0), "chat", "DUMP_TRUNCATED", "{} is empty"],
      ["letter.dump", Buffer.from("Dear backup,\n"), "chat", "DUMP_FORMAT_UNKNOWN", "{} is none of the formats that can be imported"],
      ["tarred.dump", await dump("tar"), "chat", "DUMP_FORMAT_UNKNOWN", "{} is none of the formats that can be imported"],
      ["cut.db", cut(database, 0.5), "notes", "SQLITE_DAMAGED", ""],
      ["other.dump", custom, "notes", "PART_UNKNOWN", "{} (postgres-custom) fits no part of notes"],
      [
        "shell.sql",
        Buffer.from(plain.toString("latin1").replace("\nSET ", "\n\\! touch /tmp/holdfast-was-here\nSET "), "latin1"),
        "chat",
        "DUMP_DAMAGED",
        "",
      ],
    ]
    for (const [name, bytes, app, code, what] of sampled(cases, 1)) {
      const path = await leave(name, bytes)
      const error = await world.cli.error("import", app, path)
      expect(error.code, `${name}: ${JSON.stringify(error)}`).toBe(code)
      if (what !== "") expect(error.what).toBe(what.replace("{}", path))
    }
    await expectUntouched(world, before)
    expect(await readdir(join(world.directory, "state/scratch"))).toEqual([])
  })

  it("refuses archives that reach out of their place", async () => {
    const trap = join(world.directory, "trap")
    await mkdir(join(trap, "deep"), { recursive: true })
    await writeFile(join(trap, "file"), "x")
    const tar = async (name: string, ...args: string[]): Promise<string> => {
      const path = join(left, name)
      await run("tar", ["--create", "--file", path, "--directory", trap, ...args])
      return path
    }
    await run("ln", ["-s", world.directory, join(trap, "way-out")])
    await run("mknod", [join(trap, "device"), "c", "1", "3"])
    const through = await tar("through.tar", "way-out")
    await run("tar", ["--append", "--file", through, "--directory", trap, "--transform=s,^file$,way-out/planted,", "file"])
    const traps = [
      [await tar("dots.tar", "-P", "--transform=s,^file$,../planted,", "file"), "its name leads out of the archive"],
      [await tar("absolute.tar", "-P", `--transform=s,^file$,${world.directory}/planted,`, "file"), "its name is absolute"],
      [await tar("device.tar", "device"), "it is a device or of an unknown kind"],
      [through, "it lies behind a symbolic link"],
    ] as const
    for (const [path, why] of traps) {
      expect(await world.cli.error("import", "chat", path, "--as", "files:uploads")).toMatchObject({ code: "DUMP_DAMAGED", why })
    }
    expect(await readdir(world.directory)).not.toContain("planted")
  })

  it("exports to files that stock tools alone check and restore, secrets readable by their owner only", async () => {
    for (const app of ["chat", "notes"] as const) await world.backup(app)
    const out = { chat: join(world.directory, "out-chat"), notes: join(world.directory, "out-notes") }
    await world.cli.json(exportOutput, ["export", "chat", "--to", out.chat])
    await world.cli.json(exportOutput, ["export", "notes", "--to", out.notes])
    for (const directory of [out.chat, out.notes]) {
      await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: directory })
      expect((await stat(join(directory, "secrets.tar"))).mode & 0o777).toBe(0o600)
    }
    await world.cluster.sql("postgres", "CREATE DATABASE exported OWNER chat TEMPLATE template0")
    const password = (await readFile(join(world.directory, "chat/secrets/db_password"), "utf8")).trim()
    const connection = ["--host=127.0.0.1", `--port=${world.cluster.port}`, "--username=chat", "--dbname=exported"]
    await run(join(world.cluster.binDirectory, "pg_restore"), ["--exit-on-error", ...connection, join(out.chat, "main.dump")], {
      env: { ...process.env, PGPASSWORD: password },
    })
    expect(await world.cluster.value("exported", "SELECT count(*) FROM users")).toBe(await users())
    const unpacked = join(world.directory, "unpacked")
    await mkdir(unpacked)
    await run("tar", ["--extract", "--file", join(out.chat, "files/uploads.tar"), "--directory", unpacked])
    expect(await readFile(join(unpacked, "one.txt"), "utf8")).toBe("first upload\n")
    const question = "PRAGMA integrity_check; SELECT count(*) FROM Message"
    const live = await run("sqlite3", [join(world.directory, "notes/notes.db"), question])
    expect(live.stdout).toMatch(/^ok\n4\d\d\n$/)
    expect((await run("sqlite3", [join(out.notes, "main.sqlite"), question])).stdout).toBe(live.stdout)
  })

  it("exports the snapshot form that chatalot-snapshot knows, which imports again", async () => {
    const to = join(world.directory, "snapshots")
    const point = await world.backup("chat")
    const { files } = await world.cli.json(exportOutput, ["export", "chat", point, "--to", to, "--format", "snapshot"])
    expect(files.map((file) => file.path)).toEqual([join(to, `${point}.dump.gz`), join(to, `${point}.json`)])
    expect((await readdir(to)).toSorted()).toEqual([`${point}.dump.gz`, `${point}.json`])
    await world.cli.json(importOutput, ["import", "chat", join(to, `${point}.dump.gz`)])
    expect(await world.cli.error("export", "chat", point, "--to", to, "--format", "snapshot")).toMatchObject({
      code: "TARGET_NOT_EMPTY",
      what: `${join(to, `${point}.dump.gz`)} is already there`,
    })
  })

  it("refuses to export into a place that is not empty, and leaves nothing when it fails on the way", async () => {
    const to = join(world.directory, "full")
    await mkdir(to)
    await writeFile(join(to, "mine"), "mine")
    expect(await world.cli.error("export", "chat", "--to", to)).toMatchObject({ code: "TARGET_NOT_EMPTY", what: `${to} is not empty` })
    expect(await readFile(join(to, "mine"), "utf8")).toBe("mine")
    const point = await world.backup("chat")
    for (const snapshot of await world.snapshots("app=chat", `point=${point}`, "part=secrets")) await world.restic("forget", snapshot.id)
    const fresh = join(world.directory, "fresh")
    expect(await world.cli.error("export", "chat", point, "--to", fresh)).toMatchObject({ code: "POINT_DAMAGED" })
    expect(await readdir(world.directory)).not.toContain("fresh")
  })
})
