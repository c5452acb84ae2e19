import { createCipheriv, createHash, randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { expect, it } from "vitest"
import { exampleApp, exampleContext, exampleRecipe } from "../../test/fixture/example.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import type { DatabaseSource } from "../app/app.ts"
import { proveKeys } from "./keys.ts"

const source: DatabaseSource = { engine: "sqlite", name: "main", place: { path: "/nowhere" } }
const proof = {
  name: "totp",
  method: "chacha20-sha256" as const,
  key: { env: "TOTP_ENCRYPTION_KEY" },
  database: "main",
  rows: [{ table: "users", column: "totp_secret", longerThanBytes: 28 }],
}

function sealed(key: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv("chacha20-poly1305", createHash("sha256").update(key).digest(), nonce, { authTagLength: 16 })
  return Buffer.concat([nonce, cipher.update("second factor", "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64")
}

async function prove(schema: string, key: string) {
  const database = new DatabaseSync(":memory:")
  database.exec(schema)
  const env = join(await temporaryDirectory("keys"), ".env")
  writeFileSync(env, `TOTP_ENCRYPTION_KEY=${key}\n`)
  const query = async (_source: DatabaseSource, _name: string | null, sql: string) =>
    await Promise.resolve(
      database
        .prepare(sql)
        .all()
        .map((row) => Object.values(row).map((value) => (value === null ? null : String(value)))),
    )
  const app = exampleApp({ databases: [source], recipe: exampleRecipe({ keyProofs: [proof] }) })
  const place = { source, database: null, trees: {}, paths: { "/srv/app/.env": env } }
  return await proveKeys({ for: () => ({ query }) }, app, place, {}, exampleContext())
}

it("decrypts real rows with the key that lies in the restored .env", async () => {
  const table = `create table users (totp_secret text); insert into users values ('${sealed("right")}')`

  expect(await prove(table, "right")).toMatchObject([{ name: "totp", status: "proven", why: "all 1 encrypted values decrypt" }])
  expect(await prove(table, "wrong")).toMatchObject([{ name: "totp", status: "failed" }])
})

it("takes a table or column that an older schema does not have for no proof, not for an error", async () => {
  expect(await prove("create table users (name text)", "right")).toMatchObject([{ name: "totp", status: "unprovable" }])
  expect(await prove("create table other (name text)", "right")).toMatchObject([{ name: "totp", status: "unprovable" }])
})
