/** Rows of single tables come back and everything else stays as it is: in place with a way back, as a new database, as files. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput, operationsOutput, restoreOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const SIX_MINUTES_MS = 360_000

let directory = ""
let cli: Cli

function settings(databases: unknown): string {
  const chat = { databases: { main: databases }, secrets: [], run: { stop: ["true"], start: ["true"] } }
  return JSON.stringify({ vaults: { local: { path: "./vault" } }, apps: { chat } })
}

async function backup(): Promise<string> {
  const point = (await cli.json(backupOutput, ["backup", "chat"])).point?.id ?? ""
  expect((await cli.run("verify", "chat", point)).exitCode).toBe(0)
  return point
}

async function openCli(text: string, environment: Record<string, string> = {}): Promise<void> {
  directory = await newDirectory("tables")
  await mkdir(join(directory, "state"))
  await writeFile(join(directory, "holdfast.yaml"), text)
  cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment })
}

describeNeeding("restic", "postgres")("restore --table of a PostgreSQL database", () => {
  let cluster: Cluster
  let point = ""

  const address = (database: string): string => `postgres://owner:${SUPERUSER_PASSWORD}@127.0.0.1:${cluster.port}/${database}`
  const value = async (sql: string, database = "chat"): Promise<string> => await cluster.value(database, sql)

  beforeAll(async () => {
    cluster = await startCluster()
    await openCli(settings({ url: "env:CHAT_URL" }), { CHAT_URL: address("chat") })
    await cluster.sql("postgres", `CREATE ROLE owner LOGIN CREATEDB PASSWORD '${SUPERUSER_PASSWORD}'`, "CREATE DATABASE chat OWNER owner")
    await cluster.sql("postgres", "ALTER DATABASE chat SET timezone TO 'Asia/Tokyo'", "COMMENT ON DATABASE chat IS 'the chat'")
    await cluster.sql(
      "chat",
      "GRANT ALL ON SCHEMA public TO owner",
      "SET ROLE owner",
      "CREATE TYPE mood AS ENUM ('glad', 'sad')",
      `CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, feels mood,
         shout text GENERATED ALWAYS AS (upper(name)) STORED)`,
      "CREATE TABLE messages (id serial PRIMARY KEY, author int NOT NULL REFERENCES users ON DELETE CASCADE, body text)",
      'CREATE TABLE "Odd ""name" (id int PRIMARY KEY)',
      "CREATE TABLE audit (at timestamptz DEFAULT now(), what text)",
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what) VALUES (TG_OP); RETURN NULL; END $$",
      "CREATE TRIGGER noted AFTER INSERT OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION note()",
      "CREATE TRIGGER sleeping AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note()",
      "ALTER TABLE users DISABLE TRIGGER sleeping",
      "ALTER TABLE users ENABLE ALWAYS TRIGGER noted",
      "CREATE VIEW loud AS SELECT shout FROM users",
      "INSERT INTO users (name, feels) VALUES ('ann', 'glad'), ('bob', 'sad'), ('eve', NULL)",
      "INSERT INTO messages (author, body) SELECT 1 + i % 3, 'body ' || i FROM generate_series(1, 30) i",
      'INSERT INTO "Odd ""name" VALUES (7)',
    )
    point = await backup()
    await cluster.sql(
      "chat",
      "SET ROLE owner",
      "UPDATE users SET name = 'changed ' || id",
      "INSERT INTO users (name) VALUES ('dan'), ('fay')",
      "INSERT INTO messages (author, body) SELECT 2, 'later' FROM generate_series(1, 5)",
    )
  }, SIX_MINUTES_MS)

  afterAll(async () => {
    await cluster.stop()
    await removeTree(directory)
  })

  it(
    "plans with rows now and in the point and with who refers to the table, and changes nothing",
    async () => {
      const plan = await cli.run("restore", "chat", point, "--table", "users", "--plan")
      expect(plan.stdout).toMatch(/main: public\.users\s+5\s+3\s+public\.messages/)
      expect(await value("SELECT count(*) FROM users")).toBe("5")
      expect(await cli.error("restore", "chat", point, "--table", "people", "--plan")).toMatchObject({
        code: "PART_UNKNOWN",
        what: "the point has no table people",
        why: 'database:main: public."Odd ""name", public.audit, public.messages, public.users',
      })
      expect((await cli.error("restore", "chat", point, "--table", "users", "--path", "x", "--plan")).code).toBe("USAGE")
    },
    SIX_MINUTES_MS,
  )

  it(
    "puts the rows of one table back; other tables, triggers, keys, settings and sequences are as before; undo brings all of it back",
    async () => {
      const tables = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM messages t"
      const [messages, audit, users] = [
        await value(tables),
        await value("SELECT count(*) FROM audit"),
        await value("SELECT string_agg(name, ',' ORDER BY id) FROM users"),
      ]
      const restored = await cli.json(restoreOutput, ["restore", "chat", point, "--table", "users", "--table", 'Odd "name', "--yes"])
      expect(restored.parts).toEqual(["database:main"])
      expect(await value("SELECT string_agg(id || name || coalesce(feels::text, '-') || shout, ',' ORDER BY id) FROM users")).toBe(
        "1anngladANN,2bobsadBOB,3eve-EVE",
      )
      expect(await value(tables)).toBe(messages)
      expect(await value("SELECT count(*) FROM audit")).toBe(audit)
      expect(await value("SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal")).toBe(
        "notedA,sleepingD",
      )
      expect(await value("SELECT string_agg(pg_get_constraintdef(oid), ',') FROM pg_constraint WHERE contype = 'f' AND convalidated")).toBe(
        "FOREIGN KEY (author) REFERENCES users(id) ON DELETE CASCADE",
      )
      expect(await value("SHOW timezone")).toBe("Asia/Tokyo")
      expect(
        await value("SELECT shobj_description(oid, 'pg_database') || datdba::regrole::text FROM pg_database WHERE datname = 'chat'"),
      ).toBe("the chatowner")
      // Numbers that dan and fay had are not given out again.
      await cluster.sql("chat", "SET ROLE owner", "INSERT INTO users (name) VALUES ('gus')")
      expect(await value("SELECT max(id) FROM users")).toBe("6")
      expect((await cli.run("undo", restored.operationId, "--yes")).exitCode).toBe(0)
      expect(await value("SELECT string_agg(name, ',' ORDER BY id) FROM users")).toBe(users)
      expect(await value("SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database WHERE datname LIKE 'chat%'")).toBe("chat")
    },
    SIX_MINUTES_MS,
  )

  it(
    "names whoever is connected meanwhile; killed while the point lies beside, it leaves nothing of it once the next command has run",
    async () => {
      const ours = "SELECT count(*) FROM pg_database WHERE datname LIKE 'chat\\_%'"
      const holder = await cluster.connect("chat")
      try {
        expect(await cli.error("restore", "chat", point, "--table", "users", "--yes")).toMatchObject({
          code: "DATABASE_IN_USE",
          what: "database chat cannot be copied while sessions are connected to it",
        })
        expect(await value(ours)).toBe("0")
        const restoring = cli.start("restore", "chat", point, "--table", "users", "--yes")
        await expect.poll(async () => await value(ours), { timeout: 60_000 }).toBe("1")
        restoring.kill("SIGKILL")
        expect((await restoring.done).signal).toBe("SIGKILL")
      } finally {
        await holder.end()
      }
      expect((await cli.run("points", "chat")).exitCode).toBe(0)
      expect(await value(ours)).toBe("0")
      expect(await value("SELECT count(*) FROM users")).toBe("5")
    },
    SIX_MINUTES_MS,
  )

  it(
    "refuses, with the live database untouched, when rows of another table would lose theirs or the columns are others now",
    async () => {
      await cluster.sql("chat", "SET ROLE owner", "INSERT INTO messages (author, body) VALUES (4, 'by dan, who came after the point')")
      const before = await value("SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM users t")
      expect(await cli.error("restore", "chat", point, "--table", "users", "--yes")).toMatchObject({
        code: "REFERENCES_BROKEN",
        what: "rows of public.messages would refer to rows of public.users that are not there (messages_author_fkey)",
      })
      expect((await cli.run("restore", "chat", point, "--table", "users", "--table", "messages", "--yes")).exitCode).toBe(0)
      expect(await value("SELECT count(*) FROM messages")).toBe("30")
      const { operations } = await cli.json(operationsOutput, ["operations", "--app", "chat"])
      expect((await cli.run("undo", operations.find((one) => one.kind === "restore")?.id ?? "", "--yes")).exitCode).toBe(0)
      expect(await value("SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM users t")).toBe(before)

      await cluster.sql(
        "chat",
        "SET ROLE owner",
        "ALTER TABLE messages ADD edited boolean",
        "ALTER TABLE messages ALTER body TYPE varchar(80)",
      )
      expect(await cli.error("restore", "chat", point, "--table", "messages", "--yes")).toMatchObject({
        code: "TABLE_NOT_REPLACEABLE",
        what: "the rows of public.messages cannot be replaced alone",
        why: "column edited did not exist at the point; column body was text and is character varying(80) now",
      })
      expect(await value("SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database WHERE datname LIKE 'chat%'")).toBe("chat")
      expect(await value("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'")).toBe("0")
    },
    SIX_MINUTES_MS,
  )

  it(
    "makes a new database of one table with its own index, sequence and type, and writes one as a script that loads",
    async () => {
      const made = await cli.run("restore", "chat", point, "--table", "users", "--into", address("chat_users"))
      expect(made.stdout).toContain("restored public.users of database:main of")
      expect(
        await value(
          "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
          "chat_users",
        ),
      ).toBe("loud,users,users_id_seq,users_name_key,users_pkey")
      expect(await value("SELECT count(*) FROM users", "chat_users")).toBe("3")
      const { operations } = await cli.json(operationsOutput, ["operations", "--app", "chat"])
      expect(operations[0]).toMatchObject({ kind: "restore", outcome: "succeeded" })

      expect((await cli.run("restore", "chat", point, "--table", "messages", "--table", 'Odd "name', "--into", "out")).exitCode).toBe(0)
      expect((await readdir(join(directory, "out"))).toSorted()).toEqual(["main.public.Odd__name.sql", "main.public.messages.sql"])
      const script = await readFile(join(directory, "out/main.public.messages.sql"), "utf8")
      expect(script).toMatch(/CREATE TABLE public\.messages/)
      expect(script.match(/^\d+\t\d\tbody \d+$/gm)).toHaveLength(30)
    },
    SIX_MINUTES_MS,
  )
})

describeNeeding("restic")("restore --table of a SQLite database", () => {
  let point = ""
  const rows = (sql: string, path = "chat.db"): string => {
    const database = new DatabaseSync(join(directory, path), { readOnly: true })
    try {
      return database
        .prepare(sql)
        .all()
        .map((row) => Object.values(row).join("|"))
        .join(",")
    } finally {
      database.close()
    }
  }
  const write = (sql: string): void => {
    const database = new DatabaseSync(join(directory, "chat.db"))
    database.exec(sql)
    database.close()
  }

  beforeAll(async () => {
    await openCli(settings({ sqlite: "./chat.db" }))
    write(`
      PRAGMA journal_mode = wal;
      CREATE TABLE user (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, loud TEXT AS (upper(name)) STORED);
      CREATE TABLE message (author INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, body TEXT);
      CREATE TABLE audit (what TEXT);
      CREATE TABLE state (user INTEGER, channel TEXT, PRIMARY KEY (user, channel)) WITHOUT ROWID;
      CREATE TRIGGER noted AFTER DELETE ON user BEGIN INSERT INTO audit VALUES ('deleted ' || old.name); END;
      CREATE TABLE post (id INTEGER PRIMARY KEY, body TEXT);
      CREATE VIRTUAL TABLE post_text USING fts5(body);
      CREATE TRIGGER indexed AFTER INSERT ON post BEGIN INSERT INTO post_text (rowid, body) VALUES (new.id, new.body); END;
      INSERT INTO user (name) VALUES ('ann'), ('bob');
      INSERT INTO message VALUES (1, 'one'), (2, 'two');
      DELETE FROM message WHERE body = 'one';
      INSERT INTO state VALUES (1, 'general');
      INSERT INTO post (body) VALUES ('searchable');`)
    point = await backup()
    write(
      "UPDATE user SET name = 'changed'||id; INSERT INTO user (name) VALUES ('dan'); INSERT INTO message VALUES (2, 'later'); DELETE FROM state",
    )
  }, SIX_MINUTES_MS)

  afterAll(async () => await removeTree(directory))

  it(
    "puts rows back, with their own numbers, and nothing else changes; undo brings the replaced ones back",
    async () => {
      const restored = await cli.json(restoreOutput, ["restore", "chat", point, "--table", "user", "--table", "state", "--yes"])
      expect(rows("SELECT id, name, loud FROM user")).toBe("1|ann|ANN,2|bob|BOB")
      expect(rows("SELECT * FROM state")).toBe("1|general")
      expect(rows("SELECT rowid, body FROM message")).toBe("2|two,3|later")
      expect(rows("SELECT count(*) FROM audit")).toBe("0")
      expect(rows("SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1")).toBe("indexed,noted")
      expect(rows("PRAGMA journal_mode")).toBe("wal")
      write("INSERT INTO user (name) VALUES ('gus')")
      expect(rows("SELECT max(id) FROM user")).toBe("4")
      expect((await cli.run("undo", restored.operationId, "--yes")).exitCode).toBe(0)
      expect(rows("SELECT id, name FROM user")).toBe("1|changed1,2|changed2,3|dan")
      expect((await readdir(directory)).filter((name) => name.includes("holdfast-"))).toEqual([])
    },
    SIX_MINUTES_MS,
  )

  it(
    "refuses what would break: rows that others need, columns that are others, a search index that would be left behind",
    async () => {
      write("INSERT INTO message VALUES (3, 'by dan')")
      expect(await cli.error("restore", "chat", point, "--table", "user", "--yes")).toMatchObject({
        code: "REFERENCES_BROKEN",
        why: "1 row would refer to rows that are not there (message → user)",
      })
      expect(await cli.error("restore", "chat", point, "--table", "post", "--yes")).toMatchObject({
        code: "TABLE_NOT_REPLACEABLE",
        why: "its triggers keep the virtual table post_text in step, and triggers do not run",
      })
      write("ALTER TABLE state ADD muted INTEGER")
      expect(await cli.error("restore", "chat", point, "--table", "state", "--yes")).toMatchObject({
        code: "TABLE_NOT_REPLACEABLE",
        why: "column muted did not exist at the point",
      })
      expect(rows("SELECT count(*) FROM user")).toBe("3")
      expect((await readdir(directory)).filter((name) => name.includes("holdfast-"))).toEqual([])
    },
    SIX_MINUTES_MS,
  )

  it(
    "writes a file of its own with these tables alone",
    async () => {
      expect((await cli.run("restore", "chat", point, "--table", "user", "--into", "out")).exitCode).toBe(0)
      expect(rows("SELECT name FROM sqlite_schema WHERE type IN ('table', 'trigger', 'view') ORDER BY 1", "out/main.sqlite")).toBe(
        "sqlite_sequence,user",
      )
      expect(rows("SELECT name FROM user", "out/main.sqlite")).toBe("ann,bob")
    },
    SIX_MINUTES_MS,
  )
})
