/** What a restore is for: the live state is gone altogether, not merely wrong. */
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { backupOutput, restoreOutput } from "../../src/contract/output.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, describeRun, type Cli } from "./cli.ts"

const LIMIT_MS = 240_000

interface World {
  readonly directory: string
  readonly uploads: string
  readonly notes: string
  readonly database: string
  readonly cli: Cli
}

describe("a live state that is gone", { timeout: LIMIT_MS }, () => {
  let cluster: Cluster
  let directory: string

  beforeAll(async () => {
    cluster = await startCluster()
    directory = await newDirectory("nothing-left")
  }, LIMIT_MS)

  afterAll(async () => {
    await cluster.stop()
    await removeTree(directory)
  }, LIMIT_MS)

  /** A database, a SQLite file and a file tree with one sealed point of them. */
  async function world(name: string): Promise<World> {
    const here = join(directory, name)
    const [uploads, notes] = [join(here, "data/uploads"), join(here, "data/notes.db")]
    await mkdir(uploads, { recursive: true })
    await mkdir(join(here, "state"))
    await writeFile(join(uploads, "a.txt"), "first upload")
    const file = new DatabaseSync(notes)
    file.exec(
      "PRAGMA journal_mode = WAL; CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO note (body) VALUES ('one'), ('two')",
    )
    file.close()
    await cluster.sql("postgres", `CREATE DATABASE ${name}`)
    await cluster.sql(
      name,
      "CREATE TABLE message (id int PRIMARY KEY, body text)",
      "INSERT INTO message SELECT n, 'm' || n FROM generate_series(1, 40) n",
    )
    await writeFile(join(here, "holdfast.yaml"), settings(here, name, uploads, notes))
    const url = `postgres://admin:${SUPERUSER_PASSWORD}@127.0.0.1:${cluster.port}/${name}`
    const cli = cliIn({ cwd: here, stateDirectory: join(here, "state"), environment: { APP_DATABASE_URL: url } })
    await cli.json(backupOutput, ["backup"])
    return { directory: here, uploads, notes, database: name, cli }
  }

  it("a database that was dropped comes back, and the safety point takes what is still there", async () => {
    const { database: name, uploads, cli } = await world("dropped")
    await writeFile(join(uploads, "b.txt"), "written since")
    await cluster.sql("postgres", `DROP DATABASE ${name}`)

    const restored = await cli.json(restoreOutput, ["restore", name, "latest", "--yes"])

    expect(await cluster.value(name, "SELECT count(*) FROM message")).toBe("40")
    expect(restored.safetyPoint).not.toBeNull()
    expect(restored.warnings).toContain("the safety point has no database:main: there was nothing left of it")
    const shown = await cli.run("show", name, restored.safetyPoint ?? "")
    expect(shown.stdout).toContain("left out: database:main")
    expect(shown.stdout).toMatch(/^files:uploads +2 files/m)

    await cluster.sql(name, "INSERT INTO message VALUES (41, 'after the restore')")
    const undone = await cli.run("undo", restored.operationId, "--yes")

    expect(describeRun([], undone)).toContain("exit code 0")
    expect(undone.stderr + undone.stdout).toContain("database:main did not exist before the restore: it stays as it is")
    expect(await readFile(join(uploads, "b.txt"), "utf8")).toBe("written since")
    expect(await cluster.value(name, "SELECT count(*) FROM message")).toBe("41")
  })

  it("a file tree and a SQLite file that were deleted come back", async () => {
    const { database: name, uploads, notes, cli } = await world("deleted")
    await rm(uploads, { recursive: true })
    for (const ending of ["", "-wal", "-shm"]) await rm(notes + ending, { force: true })
    await cluster.sql(name, "DELETE FROM message WHERE id > 10")

    const restored = await cli.json(restoreOutput, ["restore", name, "latest", "--yes"])

    expect(await readFile(join(uploads, "a.txt"), "utf8")).toBe("first upload")
    expect(await cluster.value(name, "SELECT count(*) FROM message")).toBe("40")
    const file = new DatabaseSync(notes)
    expect(file.prepare("SELECT count(*) AS n FROM note").get()).toMatchObject({ n: 2 })
    file.close()
    expect(restored.warnings).toContain("the safety point has no database:notes, files:uploads: there was nothing left of it")
  })

  it("where everything is gone there is no safety point, and that is said", async () => {
    const { database: name, uploads, notes, cli } = await world("everything")
    await rm(uploads, { recursive: true })
    await rm(notes)
    await cluster.sql("postgres", `DROP DATABASE ${name}`)

    const plan = await cli.run("restore", name, "latest", "--plan")
    const restored = await cli.json(restoreOutput, ["restore", name, "latest", "--yes"])

    expect(plan.stdout).toContain("database:main does not exist: it is made anew, and there is nothing to keep beside")
    expect(restored.safetyPoint).toBeNull()
    expect(restored.warnings).toContain("no safety point was taken: nothing was left to capture")
    expect(await cluster.value(name, "SELECT count(*) FROM message")).toBe("40")
    expect((await stat(join(uploads, "a.txt"))).size).toBe(12)
  })

  it("a directory whose parent is gone too is refused with what to do, because a disk may be missing", async () => {
    const { directory: here, database: name, cli } = await world("parentless")
    await rm(join(here, "data"), { recursive: true })

    const refused = await cli.error("restore", name, "latest", "--yes")

    expect(refused).toMatchObject({ code: "SOURCE_MISSING", what: `directory ${join(here, "data")} does not exist` })
    expect(refused.hint).toBe("Mount its disk; if it was deleted, make it again with mkdir, then run the command again.")
  })

  it("a tree whose disk is not mounted is not restored under the mount point", async () => {
    const { directory: here, database: name, cli } = await world("unmounted")
    const text = await readFile(join(here, "holdfast.yaml"), "utf8")
    await writeFile(join(here, "holdfast.yaml"), text.replace("data/uploads }", "data/uploads, mustBeMounted: true }"))

    const refused = await cli.error("restore", name, "latest", "--yes")

    expect(refused).toMatchObject({
      code: "SOURCE_NOT_MOUNTED",
      what: `files:uploads: nothing is mounted at ${join(here, "data/uploads")}`,
    })
  })

  it("a server that is down, and a role that may not make databases: refused before anything is stopped, with what to do", async () => {
    const { directory: here, database: name, cli } = await world("refused")
    await writeFile(
      join(here, "holdfast.yaml"),
      `${await readFile(join(here, "holdfast.yaml"), "utf8")}    run: { stop: [touch, stopped], start: ["true"] }\n`,
    )
    const withAddress = (address: string): Cli => cliIn({ ...cli.place, environment: { APP_DATABASE_URL: address } })
    await cluster.sql("postgres", "CREATE ROLE tenant LOGIN PASSWORD 'canary-tenant-55'", `ALTER DATABASE ${name} OWNER TO tenant`)
    await cluster.sql(name, "ALTER TABLE message OWNER TO tenant")

    const down = await withAddress(`postgres://admin:none@127.0.0.1:1/${name}`).error("restore", name, "latest", "--yes")
    const tenant = await withAddress(`postgres://tenant:canary-tenant-55@127.0.0.1:${cluster.port}/${name}`).error(
      "restore",
      name,
      "latest",
      "--yes",
    )

    expect(down).toMatchObject({ code: "DATABASE_UNREACHABLE", why: "connect ECONNREFUSED 127.0.0.1:1" })
    expect(down.hint).toBe("Check that the database runs and that the settings name the right address, user and password.")
    expect(tenant).toMatchObject({ code: "DATABASE_RENAME_REFUSED", why: "role tenant may not create databases (CREATEDB is missing)" })
    expect(tenant.hint).toBe(
      'As a superuser run `ALTER ROLE "tenant" CREATEDB`; or restore beside with --into DIR and load the dump with pg_restore.',
    )
    await expect(stat(join(here, "stopped"))).rejects.toThrow("ENOENT")
  })

  it("a backup of what is gone fails and names it", async () => {
    const { database: name, cli } = await world("unseen")
    await cluster.sql("postgres", `DROP DATABASE ${name}`)

    const refused = await cli.error("backup")

    expect(refused.code).toBe("DATABASE_MISSING")
    expect(describeRun([], await cli.run("points"))).toContain("1")
  })
})

function settings(here: string, name: string, uploads: string, notes: string): string {
  return `vaults:
  local: { path: ${join(here, "vault")} }
apps:
  ${name}:
    databases:
      main: { postgres: { url: "env:APP_DATABASE_URL" } }
      notes: { sqlite: ${notes} }
    files:
      uploads: { path: ${uploads} }
`
}
