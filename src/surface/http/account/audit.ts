import { createHmac } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { z } from "zod"
import { canonicalJson, type Json } from "../../../base/canonical-json.ts"
import type { Clock } from "../../../base/clock.ts"
import type { AuditEntry } from "../../../contract/api/accounts.ts"

export type AuditFact = Omit<AuditEntry, "sequence" | "at">

/** Where the newest entry's place and hash are kept beside, so that a log that was cut short shows as well. */
export interface AuditHead {
  read(): Promise<string | null>
  write(head: string): Promise<void>
}

export interface Audit {
  /** Durable when it resolves. */
  add(fact: AuditFact): Promise<void>
  /** Newest first. */
  list(filter: { limit: number; before: number | null }): readonly AuditEntry[]
  /** The first entry that is not as it was written, or was there and is gone; null when all are. */
  brokenAt(): Promise<number | null>
}

const row = z.object({
  sequence: z.number(),
  at: z.string(),
  actor: z.string(),
  source: z.string(),
  action: z.string(),
  app: z.string().nullable(),
  subject: z.string().nullable(),
  outcome: z.enum(["allowed", "refused", "failed"]),
  details: z.string(),
  hash: z.string(),
})
type Row = z.infer<typeof row>

const json: z.ZodType<Json> = z.json()

/** Each entry's hash covers the one before: an entry that is changed, put in or taken out shows itself and all after it. */
export function auditIn(database: DatabaseSync, clock: Clock, secret: string, head: AuditHead): Audit {
  const newest = (): Row | null => {
    const found = database.prepare("SELECT * FROM audit ORDER BY sequence DESC LIMIT 1").get()
    return found === undefined ? null : row.parse(found)
  }
  return {
    add: async (fact) => {
      const before = newest()
      const entry = { ...fact, details: canonicalJson(fact.details), sequence: (before?.sequence ?? 0) + 1, at: clock.now().toISOString() }
      const hash = hashOf(secret, before?.hash ?? "", entry)
      const { sequence, at, actor, source, action, app, subject, outcome, details } = entry
      database
        .prepare("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .run(sequence, at, actor, source, action, app, subject, outcome, details, hash)
      await head.write(`${sequence} ${hash}`)
    },
    list: ({ limit, before }) => {
      const rows = database
        .prepare("SELECT * FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?")
        .all(before ?? Number.MAX_SAFE_INTEGER, limit)
      return z.array(row).parse(rows).map(entryOf)
    },
    brokenAt: async () => {
      let previous: Pick<Row, "sequence" | "hash"> = { sequence: 0, hash: "" }
      const kept = parseHead(await head.read())
      for (const found of database.prepare("SELECT * FROM audit ORDER BY sequence").iterate()) {
        const one = row.parse(found)
        if (one.sequence !== previous.sequence + 1 || one.hash !== hashOf(secret, previous.hash, one)) return previous.sequence + 1
        if (one.sequence === kept?.sequence && one.hash !== kept.hash) return one.sequence
        previous = one
      }
      return kept !== null && kept.sequence > previous.sequence ? previous.sequence + 1 : null
    },
  }
}

function entryOf({ hash: _hash, details, ...entry }: Row): AuditEntry {
  return { ...entry, details: json.parse(JSON.parse(details)) }
}

function hashOf(secret: string, previous: string, entry: Omit<Row, "hash">): string {
  const { sequence, at, actor, source, action, app, subject, outcome, details } = entry
  return createHmac("sha256", secret)
    .update(canonicalJson([previous, sequence, at, actor, source, action, app, subject, outcome, details]))
    .digest("hex")
}

function parseHead(text: string | null): { sequence: number; hash: string } | null {
  const [sequence, hash] = text?.split(" ") ?? []
  return sequence === undefined || hash === undefined ? null : { sequence: Number(sequence), hash }
}
