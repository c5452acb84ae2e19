import { createHash, randomBytes } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { z } from "zod"
import type { Clock } from "../../../base/clock.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { AddApiKeyBody, ApiKey } from "../../../contract/api/accounts.ts"
import { grantList, normalGrants } from "./grants.ts"

/** Keys of programs: kept as a digest, so that the file that holds them opens nothing. */
export interface ApiKeys {
  list(): readonly ApiKey[]
  /** The key itself is returned once and never again. */
  add(body: z.output<typeof bodyShape>, createdBy: string): { readonly key: string; readonly apiKey: ApiKey }
  /** Throws API_KEY_UNKNOWN. */
  remove(id: string): ApiKey
  removeThoseOf(username: string): void
  /** Null for a key that is not known, not valid any more, or not one at all. */
  find(key: string): ApiKey | null
}

const KEY_BYTES = 32
const MARK = "hf_"
const PREFIX_LENGTH = 10
const DAY_MS = 24 * 3_600_000
/** Writing down each use would write the file with each request. */
const USE_NOTED_EVERY_MS = 60_000

const bodyShape = z.object({
  name: z.string(),
  grants: grantList,
  unattended: z.boolean(),
  expiresInDays: z.number().nullable(),
}) satisfies z.ZodType<Required<AddApiKeyBody>>

const row = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string(),
    grants: z.string(),
    unattended: z.number(),
    created_by: z.string(),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    expires_at: z.string().nullable(),
  })
  .transform((one): ApiKey => ({
    id: one.id,
    name: one.name,
    prefix: one.prefix,
    grants: grantList.parse(JSON.parse(one.grants)),
    unattended: one.unattended === 1,
    createdBy: one.created_by,
    createdAt: one.created_at,
    lastUsedAt: one.last_used_at,
    expiresAt: one.expires_at,
  }))

export function apiKeysIn(database: DatabaseSync, clock: Clock): ApiKeys {
  const byId = (id: string): ApiKey => {
    const found = database.prepare("SELECT * FROM api_key WHERE id = ?").get(id)
    if (found === undefined) throw new HoldfastError("API_KEY_UNKNOWN", { what: `there is no API key ${id}` })
    return row.parse(found)
  }
  return {
    list: () => z.array(row).parse(database.prepare("SELECT * FROM api_key ORDER BY created_at, id").all()),
    add: (body, createdBy) => {
      const key = MARK + randomBytes(KEY_BYTES).toString("base64url")
      const id = randomBytes(8).toString("hex")
      const now = clock.now()
      const expiresAt = body.expiresInDays === null ? null : new Date(now.getTime() + body.expiresInDays * DAY_MS).toISOString()
      database
        .prepare(
          "INSERT INTO api_key (id, name, prefix, digest, grants, unattended, created_by, created_at, last_used_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        )
        .run(
          id,
          body.name,
          key.slice(0, PREFIX_LENGTH),
          digestOf(key),
          JSON.stringify(normalGrants(body.grants)),
          body.unattended ? 1 : 0,
          createdBy,
          now.toISOString(),
          expiresAt,
        )
      return { key, apiKey: byId(id) }
    },
    remove: (id) => {
      const apiKey = byId(id)
      database.prepare("DELETE FROM api_key WHERE id = ?").run(id)
      return apiKey
    },
    removeThoseOf: (username) => void database.prepare("DELETE FROM api_key WHERE created_by = ?").run(username),
    find: (key) => {
      if (!key.startsWith(MARK)) return null
      const found = database.prepare("SELECT * FROM api_key WHERE digest = ?").get(digestOf(key))
      if (found === undefined) return null
      const apiKey = row.parse(found)
      const nowMs = clock.now().getTime()
      if (apiKey.expiresAt !== null && Date.parse(apiKey.expiresAt) <= nowMs) return null
      noteUse(database, apiKey, nowMs)
      return apiKey
    },
  }
}

function noteUse(database: DatabaseSync, apiKey: ApiKey, nowMs: number): void {
  if (apiKey.lastUsedAt !== null && nowMs - Date.parse(apiKey.lastUsedAt) < USE_NOTED_EVERY_MS) return
  database.prepare("UPDATE api_key SET last_used_at = ? WHERE id = ?").run(new Date(nowMs).toISOString(), apiKey.id)
}

/** A key is long and random, so a plain digest cannot be guessed back. */
function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex")
}
