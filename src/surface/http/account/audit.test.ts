import type { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { newDirectory, removeTree } from "../../../../test/fixture/tmp.ts"
import { systemClock } from "../../../base/clock.ts"
import { auditIn, type Audit } from "./audit.ts"
import { openAccountsDatabase } from "./database.ts"

interface Log {
  readonly audit: Audit
  readonly database: DatabaseSync
}

/** Two logs of one host begin alike: the second is what a backup of the first became. */
async function newLog(directory: string, name: string): Promise<Log> {
  const database = await openAccountsDatabase(join(directory, `${name}.sqlite`))
  onTestFinished(() => database.close())
  let head: string | null = null
  const memory = {
    read: async () => await Promise.resolve(head),
    write: async (text: string) => {
      head = text
      await Promise.resolve()
    },
  }
  const clock = { ...systemClock, now: () => new Date("2026-05-01T10:00:00Z") }
  return { audit: auditIn(database, clock, "the same secret", memory), database }
}

async function logs(...names: readonly string[]): Promise<readonly Log[]> {
  const directory = await newDirectory("audit")
  onTestFinished(async () => await removeTree(directory))
  return await Promise.all(names.map(async (name) => await newLog(directory, name)))
}

async function add({ audit }: Log, ...actors: readonly string[]): Promise<void> {
  for (const actor of actors)
    await audit.add({ actor, source: "127.0.0.1", action: "restore", app: null, subject: null, outcome: "allowed", details: null })
}

it("shows an entry that was once written at this place, but in another course of events", async () => {
  const [past, present] = await logs("past", "present")
  if (past === undefined || present === undefined) throw new Error("expected two logs")
  await add(past, "ada", "ben", "cleo")
  await add(present, "ada", "eve", "cleo")
  expect(await present.audit.brokenAt()).toBeNull()

  // Its own hash is right: it stood there, after the same entry. Only the one that follows knows that it did not follow this one.
  const honest = past.database.prepare("SELECT * FROM audit WHERE sequence = 2").get() ?? {}
  present.database.exec("DROP TRIGGER audit_stays; DELETE FROM audit WHERE sequence = 2")
  present.database
    .prepare(
      `INSERT INTO audit VALUES (${Object.keys(honest)
        .map(() => "?")
        .join(", ")})`,
    )
    .run(...Object.values(honest))

  expect(present.audit.list({ limit: 10, before: null }).map(({ actor }) => actor)).toEqual(["cleo", "ben", "ada"])
  expect(await present.audit.brokenAt()).toBe(3)
})

it("shows an end that was cut off", async () => {
  const [log] = await logs("cut")
  if (log === undefined) throw new Error("expected a log")
  await add(log, "ada", "eve")
  log.database.exec("DROP TRIGGER audit_stays; DELETE FROM audit WHERE sequence = 2")

  expect(await log.audit.brokenAt()).toBe(2)
})
