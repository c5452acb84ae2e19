import type { Kysely } from "kysely"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Holder, Store } from "../../operation/ports.ts"
import type { StoreTables } from "./schema.ts"
import { parseHolder } from "./text.ts"

type Leases = Pick<Store, "acquireLease" | "holdsLease" | "releaseLease" | "dropDeadLeases" | "leaseOf">

/** One row per app that is being worked on. Taking it is one transaction that excludes every other process. */
export function leasesOf(db: Kysely<StoreTables>, host: HostIdentity): Leases {
  const isOurs = async (app: string, operationId: string): Promise<boolean> => {
    const row = await db.selectFrom("lease").selectAll().where("app", "=", app).executeTakeFirst()
    return row?.operation_id === operationId && sameProcess(parseHolder(row.holder), host.self(""))
  }
  return {
    acquireLease: async (app, operationId, holder) =>
      await db.transaction().execute(async (transaction) => {
        const row = await transaction.selectFrom("lease").selectAll().where("app", "=", app).executeTakeFirst()
        const present = row ? { operationId: row.operation_id, holder: parseHolder(row.holder) } : null
        if (present && !mayTake(present, { operationId, holder }, host)) return { acquired: false, ...present }
        const values = { app, operation_id: operationId, holder: JSON.stringify(holder) }
        await transaction
          .insertInto("lease")
          .values(values)
          .onConflict((conflict) => conflict.column("app").doUpdateSet(values))
          .execute()
        return { acquired: true }
      }),
    holdsLease: isOurs,
    leaseOf: async (app) => {
      const row = await db.selectFrom("lease").selectAll().where("app", "=", app).executeTakeFirst()
      return row ? { operationId: row.operation_id, holder: parseHolder(row.holder) } : null
    },
    dropDeadLeases: async () => {
      const isDead = ({ holder }: { holder: string }): boolean => !host.isAlive(parseHolder(holder))
      // Most often there is none, and then nobody who writes is kept waiting.
      if (!(await db.selectFrom("lease").select("holder").execute()).some(isDead)) return
      await db.transaction().execute(async (transaction) => {
        for (const { app, operation_id } of (await transaction.selectFrom("lease").selectAll().execute()).filter(isDead)) {
          const operation = await transaction
            .selectFrom("operation")
            .select("finished_at")
            .where("id", "=", operation_id)
            .executeTakeFirst()
          if (operation === undefined || operation.finished_at !== null)
            await transaction.deleteFrom("lease").where("app", "=", app).execute()
        }
      })
    },
    releaseLease: async (app, operationId) => {
      if (await isOurs(app, operationId))
        await db.deleteFrom("lease").where("app", "=", app).where("operation_id", "=", operationId).execute()
    },
  }
}

interface Claim {
  readonly operationId: string
  readonly holder: Holder
}

/** Asking again for what one holds is fine; a living holder is never robbed, however long it has been silent. */
function mayTake(present: Claim, wanted: Claim, host: HostIdentity): boolean {
  if (present.operationId === wanted.operationId && sameProcess(present.holder, wanted.holder)) return true
  return !host.isAlive(present.holder)
}

function sameProcess(left: Holder, right: Holder): boolean {
  return (
    left.host === right.host &&
    left.bootId === right.bootId &&
    left.processId === right.processId &&
    left.processStart === right.processStart
  )
}
