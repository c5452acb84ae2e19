import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { proofQueries } from "../../src/app/key-proof.ts"
import { recipes } from "../fixture/recipe/detect.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { type Cluster, startCluster } from "../fixture/postgres/cluster.ts"

const CHATALOT = `
CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);
INSERT INTO _sqlx_migrations SELECT n, 'm' || n, now(), n < 52, '\\x00', 1 FROM generate_series(1, 52) n;
CREATE TABLE users (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), totp_secret BYTEA);
CREATE TABLE refresh_tokens (id UUID);
CREATE TABLE files (id UUID, storage_path TEXT NOT NULL, thumbnail_path TEXT, size_bytes BIGINT NOT NULL);
CREATE TABLE custom_emojis (file_path TEXT);
INSERT INTO users (totp_secret) VALUES ('\\x0102'), (NULL);`

const WEAVESTREAM = `
CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0);
INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at) VALUES ('1','x',now(),'0018_a',NULL), ('2','x',now(),'0018_b',NULL), ('3','x',NULL,'0019_half',NULL), ('4','x',now(),'0020_back',now());
CREATE TABLE passwords (password_ciphertext TEXT, notes_ciphertext TEXT, totp_secret_ciphertext TEXT);
CREATE TABLE password_versions (password_ciphertext TEXT, notes_ciphertext TEXT, totp_secret_ciphertext TEXT);
CREATE TABLE integration_secrets (ciphertext TEXT); CREATE TABLE ai_settings (api_key_ciphertext TEXT);
CREATE TABLE email_settings (password_ciphertext TEXT); CREATE TABLE users (mfa_secret_encrypted TEXT);
CREATE TABLE uploads ("storageKey" TEXT, "thumbnailKey" TEXT, "sizeBytes" INT);`

describeNeeding("postgres")("the recipes' queries on a PostgreSQL with the applications' tables", () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.sql("postgres", "CREATE DATABASE chatalot", "CREATE DATABASE weavestream")
    await cluster.sql("chatalot", CHATALOT)
    await cluster.sql("weavestream", WEAVESTREAM)
  }, 60_000)
  afterAll(async () => await cluster.stop())

  it.each([
    ["chatalot", "51", 51],
    ["weavestream", "0018_b", 2],
  ])("tell the schema version of %s from finished migrations only", async (name, version, applied) => {
    const recipe = recipes[name]
    if (recipe?.schemaVersion?.list === undefined) throw new Error("expected a list")
    expect(await cluster.value(name, recipe.schemaVersion.query)).toBe(version)
    expect(await cluster.value(name, `SELECT count(*)::text FROM (${recipe.schemaVersion.list}) x`)).toBe(String(applied))
  })

  it.each(["chatalot", "weavestream"])(
    "name tables and columns that %s has, for key proofs, file references and volatile tables",
    async (name) => {
      const recipe = recipes[name]
      if (recipe === undefined) throw new Error("expected a recipe")
      for (const proof of recipe.keyProofs) for (const query of proofQueries(proof)) await cluster.sql(name, query)
      for (const { table, column, sizeColumn } of recipe.fileReferences)
        await cluster.sql(name, `SELECT "${column}", "${sizeColumn ?? column}" FROM "${table}"`)
      for (const table of recipe.volatileTables) await cluster.sql(name, `SELECT 1 FROM "${table}"`)
      expect(recipe.deletesOrphans).toBe(true)
    },
  )
})

describe("the recipe of SuperChat on a SQLite file with its tables", () => {
  it("tells the schema version and the migrations, and 0 for an empty table", () => {
    const database = new DatabaseSync(":memory:")
    database.exec(
      "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL); CREATE TABLE Session (id); CREATE TABLE DiscoveredServer (id)",
    )
    const { schemaVersion, volatileTables } = recipes["superchat"] ?? {}
    if (schemaVersion?.list === undefined || volatileTables === undefined) throw new Error("expected queries")
    expect(Object.values(database.prepare(schemaVersion.query).get() ?? {})).toEqual(["0"])
    database.exec("INSERT INTO schema_migrations VALUES (1,'initial',1), (13,'channel_participants',2)")
    expect(Object.values(database.prepare(schemaVersion.query).get() ?? {})).toEqual(["13"])
    expect(
      database
        .prepare(schemaVersion.list)
        .all()
        .map((row) => Object.values(row)[0]),
    ).toEqual(["001_initial", "013_channel_participants"])
    for (const table of volatileTables) expect(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 })
    database.close()
  })
})
