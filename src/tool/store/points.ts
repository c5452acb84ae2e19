import type { Kysely } from "kysely"
import type { PointRecord, PointSummary, Store } from "../../operation/ports.ts"
import type { PointRow, StoreTables } from "./schema.ts"
import { parseSummary, summaryOf } from "./point-summary.ts"
import { remembered, type Remembered } from "./remembered.ts"
import { parseJson } from "./text.ts"

type Points = Pick<Store, "putPoint" | "points" | "pointSummaries" | "markExpired" | "removePoints" | "expiredPoints">

const IDS_PER_QUERY = 500

type Summaries = Remembered<readonly PointSummary[]>

/** The index of what the vaults hold. A manifest is parsed only by who reads it; a listing uses the summary beside it. */
export function pointsOf(db: Kysely<StoreTables>, foreignWrites: () => number | null): Points {
  const summaries: Summaries = remembered(foreignWrites)
  return { ...pointWriting(db, summaries), ...pointReading(db, summaries) }
}

const keyOf = (app: string, vault: string): string => `${app}\n${vault}`

function pointWriting(db: Kysely<StoreTables>, summaries: Summaries): Pick<Points, "putPoint" | "markExpired" | "removePoints"> {
  return {
    putPoint: async (point) => {
      const values = {
        app: point.app,
        vault: point.vault,
        id: point.id,
        sequence: point.sequence,
        digest: point.digest,
        started_at: point.startedAt.toISOString(),
        expired_at: point.expiredAt?.toISOString() ?? null,
        summary: JSON.stringify(summaryOf(point.manifest)),
        manifest: JSON.stringify(point.manifest),
      }
      const insert = db
        .insertInto("point")
        .values(values)
        .onConflict((conflict) => conflict.columns(["app", "vault", "id"]).doUpdateSet(values))
      await summaries.write(keyOf(point.app, point.vault), async () => await insert.execute())
    },
    markExpired: async (app, vault, ids, at) => {
      const expire = async (transaction: Kysely<StoreTables>, some: readonly string[]): Promise<void> => {
        await transaction
          .updateTable("point")
          .set({ expired_at: at.toISOString() })
          .where("app", "=", app)
          .where("vault", "=", vault)
          .where("id", "in", some)
          .execute()
      }
      await summaries.write(keyOf(app, vault), async () => await inBatches(db, ids, expire))
    },
    removePoints: async (app, vault, ids) => {
      const remove = async (transaction: Kysely<StoreTables>, some: readonly string[]): Promise<void> => {
        await transaction.deleteFrom("point").where("app", "=", app).where("vault", "=", vault).where("id", "in", some).execute()
      }
      await summaries.write(keyOf(app, vault), async () => await inBatches(db, ids, remove))
    },
  }
}

/** All or nothing, in statements that stay under SQLite's limit of parameters. */
async function inBatches(
  db: Kysely<StoreTables>,
  ids: readonly string[],
  apply: (transaction: Kysely<StoreTables>, some: readonly string[]) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (let from = 0; from < ids.length; from += IDS_PER_QUERY) await apply(transaction, ids.slice(from, from + IDS_PER_QUERY))
  })
}

function pointReading(db: Kysely<StoreTables>, summaries: Summaries): Pick<Points, "points" | "pointSummaries" | "expiredPoints"> {
  const all = (app: string, vault: string) =>
    db.selectFrom("point").selectAll().where("app", "=", app).where("vault", "=", vault).orderBy("sequence").orderBy("id")
  return {
    points: async (app, vault) => (await all(app, vault).where("expired_at", "is", null).execute()).map(pointFrom),
    expiredPoints: async (app, vault) => (await all(app, vault).where("expired_at", "is not", null).execute()).map(pointFrom),
    pointSummaries: async (app, vault) =>
      await summaries.read(keyOf(app, vault), async () => Object.freeze(await readSummaries(db, app, vault))),
  }
}

async function readSummaries(db: Kysely<StoreTables>, app: string, vault: string): Promise<PointSummary[]> {
  const rows = await db
    .selectFrom("point")
    .select(["id", "sequence", "digest", "started_at", "summary"])
    .where("app", "=", app)
    .where("vault", "=", vault)
    .where("expired_at", "is", null)
    .orderBy("sequence")
    .orderBy("id")
    .execute()
  return rows.map((row) => summaryFrom(app, vault, row))
}

function summaryFrom(app: string, vault: string, row: Omit<PointRow, "app" | "vault" | "manifest" | "expired_at">): PointSummary {
  const { id, sequence, digest } = row
  return { app, vault, id, sequence, digest, startedAt: new Date(row.started_at), ...parseSummary(row.summary) }
}

function pointFrom(row: PointRow): PointRecord {
  let manifest: PointRecord["manifest"] | undefined
  return {
    app: row.app,
    vault: row.vault,
    id: row.id,
    sequence: row.sequence,
    digest: row.digest,
    startedAt: new Date(row.started_at),
    expiredAt: row.expired_at === null ? null : new Date(row.expired_at),
    get manifest() {
      manifest ??= parseJson(row.manifest)
      return manifest
    },
  }
}
