/** Drop-in use: the environment of chatalot-snapshot is enough, its names work, and what it left is listed and can be restored (C6 to C19). */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, expect, it } from "vitest"
import { z } from "zod"
import { backupOutput, pointsOutput, restoreOutput, verifyOutput } from "../../src/contract/output.ts"
import { snapshotsOutput } from "../../src/contract/output-points.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const run = promisify(execFile)
const PASSWORD = "canary-dropin-5521/#"
const TWELVE_MINUTES_MS = 720_000

let cluster: Cluster
let directory = ""

beforeAll(async () => {
  cluster = await startCluster()
  directory = await newDirectory("drop-in")
  await writeFile(join(directory, "db_password"), `${PASSWORD}\n`)
  await cluster.sql("postgres", `CREATE ROLE chatalot SUPERUSER LOGIN PASSWORD '${PASSWORD}'`)
})

afterAll(async () => {
  await cluster.stop()
  await removeTree(directory)
})

/** A database, a snapshot directory and a state directory of its own for each story. */
async function place(name: string, environment: Record<string, string> = {}): Promise<{ cli: Cli; snapshots: string; database: string }> {
  const database = `chatalot_${name}`
  const snapshots = join(directory, name, "snapshots")
  const stateDirectory = join(directory, name, "state")
  await mkdir(snapshots, { recursive: true })
  await cluster.sql("postgres", `CREATE DATABASE ${database} OWNER chatalot`)
  await cluster.sql(
    database,
    "SET ROLE chatalot",
    "CREATE TABLE users (id int PRIMARY KEY, name text)",
    "INSERT INTO users VALUES (1, 'ann'), (2, 'bob')",
  )
  const cli = cliIn({
    cwd: join(directory, name),
    stateDirectory,
    environment: {
      DATABASE_URL: `postgres://chatalot:__DB_PASSWORD__@127.0.0.1:${cluster.port}/${database}`,
      DB_PASSWORD_FILE: join(directory, "db_password"),
      CHATALOT_SNAPSHOT_DIR: snapshots,
      CHATALOT_VERSION: "0.24.6",
      ...environment,
    },
  })
  return { cli, snapshots, database }
}

const names = async (database: string): Promise<string> =>
  await cluster.value(database, "SELECT string_agg(name, ',' ORDER BY id) FROM users")

/** As chatalot-snapshot leaves it: a gzipped dump and a JSON manifest, both named by the id. */
async function leaveSnapshot(snapshots: string, database: string, id: string, format: "custom" | "plain", label: string): Promise<void> {
  const { stdout } = await run(
    join(cluster.binDirectory, "pg_dump"),
    [`--format=${format}`, `--host=127.0.0.1`, `--port=${cluster.port}`, "--username=chatalot", database],
    { encoding: "buffer", env: { ...process.env, PGPASSWORD: PASSWORD } },
  )
  const bytes = gzipSync(stdout)
  await writeFile(join(snapshots, `${id}.sql.gz`), bytes)
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  await writeFile(join(snapshots, `${id}.json`), JSON.stringify({ id, version: "0.24.6", label, sizeBytes: bytes.length, sha256 }))
}

const expireOutput = z.object({ format: z.literal("holdfast.expire"), removed: z.array(z.string()) })

describeNeeding("restic", "postgres")("drop-in use", () => {
  it(
    "backs up, lists, verifies, restores and undoes with nothing but the environment",
    async () => {
      const { cli, snapshots, database } = await place("plain")
      const { point } = await cli.json(backupOutput, ["backup"])
      expect(point?.id).toMatch(/^\d{8}T\d{6}Z-0\.24\.6$/)
      const id = point?.id ?? ""
      await cli.json(verifyOutput, ["verify"])
      expect((await cli.json(pointsOutput, ["points"])).points).toMatchObject([{ id, app: "chatalot", proof: { level: "read" } }])

      expect((await readdir(snapshots)).toSorted()).toEqual(["holdfast-vault", "holdfast-vault.key"])
      expect((await stat(join(snapshots, "holdfast-vault.key"))).mode & 0o777).toBe(0o600)

      await cluster.sql(database, "UPDATE users SET name = 'mallory'")
      const app = await cluster.connect(database)
      const refused = await cli.error("restore", "chatalot", "latest", "--yes")
      expect(refused).toMatchObject({ code: "DATABASE_IN_USE", what: "database:main is in use and Holdfast cannot stop chatalot" })
      expect(refused.why).toContain("(admin, 127.0.0.1")
      await app.end()

      const restored = await cli.json(restoreOutput, ["restore", "chatalot", "latest", "--yes"])
      expect(await names(database)).toBe("ann,bob")
      expect((await cli.run("undo", restored.operationId, "--yes")).exitCode).toBe(0)
      expect(await names(database)).toBe("mallory,mallory")
      expect((await cli.run("expire", "--yes")).exitCode).toBe(0)
    },
    TWELVE_MINUTES_MS,
  )

  it(
    "knows the names of chatalot-snapshot, keeps its number and survives the loss of its state directory",
    async () => {
      const { cli, database } = await place("names", { CHATALOT_SNAPSHOT_RETAIN_COUNT: "2" })
      const ids: string[] = []
      for (const label of ["one", "two", "pre-upgrade"]) {
        const { point } = await cli.json(backupOutput, ["snapshot", "create", "--label", label])
        ids.push(point?.id ?? "")
      }
      expect((await cli.json(verifyOutput, ["snapshot", "verify", ids[0] ?? ""])).point).toBe(ids[0])

      const pruned = await cli.json(expireOutput, ["snapshot", "prune"])
      expect(pruned.removed).toEqual([ids[0]])

      // A container that is made anew has only what lies in the snapshot directory.
      await removeTree(cli.place.stateDirectory)
      const { snapshots } = await cli.json(snapshotsOutput, ["snapshot", "list"])
      expect(snapshots.map(({ id, label, proof }) => ({ id, label, proof }))).toEqual([
        { id: ids[2], label: "pre-upgrade", proof: "read" },
        { id: ids[1], label: "two", proof: "sealed" },
      ])
      await cluster.sql(database, "DELETE FROM users")
      expect((await cli.run("snapshot", "restore", "pre-upgrade", "--yes")).exitCode).toBe(0)
      expect(await names(database)).toBe("ann,bob")
    },
    TWELVE_MINUTES_MS,
  )

  it(
    "lists, verifies and restores snapshot files that already lie there, and leaves them as they are",
    async () => {
      const { cli, snapshots, database } = await place("files")
      const [custom, plain] = ["20260419T120000Z-0.24.6", "20260420T120000Z-0.24.6"]
      await leaveSnapshot(snapshots, database, custom, "custom", "pre-upgrade")
      await leaveSnapshot(snapshots, database, plain, "plain", "nightly")
      await writeFile(join(snapshots, "notes.txt"), "not a snapshot")
      const before = await readFile(join(snapshots, `${custom}.sql.gz`))
      await cluster.sql(database, "UPDATE users SET name = 'mallory'")

      const listed = await cli.json(snapshotsOutput, ["snapshot", "list"])
      expect(listed.snapshots.map(({ id, kind, label, version, point, proof }) => ({ id, kind, label, version, point, proof }))).toEqual([
        { id: plain, kind: "file", label: "nightly", version: "0.24.6", point: null, proof: null },
        { id: custom, kind: "file", label: "pre-upgrade", version: "0.24.6", point: null, proof: null },
      ])
      expect(listed.snapshots.every((one) => !one.withinWindow)).toBe(true)
      expect((await cli.json(snapshotsOutput, ["snapshot", "list", "--within-window"])).snapshots).toEqual([])
      const text = (await cli.run("snapshot", "list")).stdout
      expect(text).toContain("nightly, file, not read yet, older than the rollback window")

      const verified = await cli.json(verifyOutput, ["snapshot", "verify", custom])
      expect((await cli.run("snapshot", "restore", custom, "--yes")).exitCode).toBe(0)
      expect(await names(database)).toBe("ann,bob")
      expect((await cli.run("snapshot", "restore", plain, "--yes")).exitCode).toBe(0)
      expect(await names(database)).toBe("ann,bob")

      const after = await cli.json(snapshotsOutput, ["snapshot", "list"])
      const found = after.snapshots.filter((one) => one.kind === "file")
      expect(found).toMatchObject([
        { id: plain, proof: "read" },
        { id: custom, proof: "read", point: verified.point },
      ])
      expect(after.snapshots.filter((one) => one.kind === "point").every((one) => one.label?.startsWith("before restore of "))).toBe(true)
      expect(await readFile(join(snapshots, `${custom}.sql.gz`))).toEqual(before)
    },
    TWELVE_MINUTES_MS,
  )

  it(
    "refuses a snapshot file that is not what its manifest says",
    async () => {
      const { cli, snapshots, database } = await place("damaged")
      const id = "20260419T120000Z-0.24.6"
      await leaveSnapshot(snapshots, database, id, "custom", "pre-upgrade")
      const file = join(snapshots, `${id}.sql.gz`)
      await writeFile(file, (await readFile(file)).subarray(0, -1))
      expect((await cli.error("snapshot", "verify", id)).code).toBe("DUMP_DAMAGED")
      expect((await cli.error("snapshot", "restore", id, "--yes")).code).toBe("DUMP_DAMAGED")
      expect(await names(database)).toBe("ann,bob")
    },
    TWELVE_MINUTES_MS,
  )

  it("says which variable is wrong", async () => {
    const { cli } = await place("wrong", { CHATALOT_ROLLBACK_WINDOW_HOURS: "200" })
    expect((await cli.error("points")).what).toBe('CHATALOT_ROLLBACK_WINDOW_HOURS is "200", not a whole number from 0 to 168')
  })
})
