import { describe, expect, it } from "vitest"
import type { SqliteSource } from "../../app/app.ts"
import type { DatabaseEngine, DatabaseInspection } from "../../app/ports.ts"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress } from "../../base/run-context.ts"
import { wayOf } from "./database-ways.ts"

const ctx = {
  operationId: "op",
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
}
const source: SqliteSource = { engine: "sqlite", name: "main", place: { path: "/srv/chat.db" } }
const WHY = "role plain may not create databases (CREATEDB is missing)"

type Asked = Pick<DatabaseEngine<SqliteSource>, "canClone" | "inspect" | "canRefill">

function inspecting(canSwap: DatabaseInspection["canSwap"]): Pick<Asked, "inspect"> {
  return { inspect: async () => await Promise.resolve({ engineVersion: "15", sizeBytes: 9, access: "", toolVersion: "15", canSwap }) }
}
const copying = (possible: boolean): Pick<Asked, "canClone"> => ({
  canClone: async () => await Promise.resolve({ possible, why: possible ? "" : WHY, sizeBytes: 9 }),
})
const refilling = (why: string): Pick<Asked, "canRefill"> => ({
  canRefill: async () => await Promise.resolve({ possible: why === "", why }),
})

describe("how a database comes back after an update", () => {
  it("is by a copy where it can be copied beside itself, else from a point where it can be restored beside", async () => {
    const refused = inspecting({ allowed: false, why: WHY })
    expect(await wayOf({ ...copying(true), ...refused, ...refilling("") }, source, ctx)).toMatchObject({ way: "clone" })
    const beside = { ...inspecting({ allowed: true }), ...refilling("") }
    expect(await wayOf({ ...copying(false), ...beside }, source, ctx)).toEqual({ name: "main", way: "cold-point", why: WHY, sizeBytes: 9 })
    expect(await wayOf(beside, source, ctx)).toMatchObject({
      way: "cold-point",
      why: "a database of kind sqlite cannot be copied beside itself",
    })
  })

  it("is by emptying and filling it where nothing may be made beside it", async () => {
    const asked = { ...copying(false), ...inspecting({ allowed: false, why: WHY }), ...refilling("") }
    expect(await wayOf(asked, source, ctx)).toEqual({ name: "main", way: "refill", why: WHY, sizeBytes: 9 })
  })

  it("is refused with the plan where none of the ways is open, with what would allow one", async () => {
    const remedy = "As a superuser run `ALTER ROLE plain CREATEDB`."
    const refused = { ...copying(false), ...inspecting({ allowed: false, why: WHY, remedy }) }
    await expect(wayOf(refused, source, ctx)).rejects.toMatchObject({ code: "DATABASE_RENAME_REFUSED", why: WHY, hint: remedy })
    await expect(wayOf({ ...refused, ...refilling("it holds extension pg_trgm") }, source, ctx)).rejects.toMatchObject({
      why: `${WHY}; nor can it be emptied and filled again, because it holds extension pg_trgm`,
      hint: remedy,
    })
  })
})
