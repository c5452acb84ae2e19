import { expect, it } from "vitest"
import { houseOf } from "../../../test/fixture/clocked-house.ts"
import { systemClock } from "../../base/clock.ts"
import { parseSettings } from "../../settings/parse.ts"
import { resolveApp } from "../../settings/resolve.ts"
import { expireByPolicy } from "./expire-after.ts"
import { createRunner } from "./runner.ts"

/** Expires by the policy of a vault with these members; rejects as soon as an operation would begin. */
async function expiring(members: string): Promise<void> {
  const text = `vaults:\n  offsite: { path: /vault, keep: { last: 1 }${members} }\napps:\n  chat: { databases: { main: { sqlite: /chat.db } } }\n`
  const settings = { ...parseSettings(text, "/holdfast.yaml"), file: "/holdfast.yaml", directory: "/", environment: {} }
  const { signal } = new AbortController()
  const begun = async (): Promise<never> => await Promise.reject(new Error("an operation was begun"))
  const host = { self: (): never => expect.fail("no holder is needed"), isAlive: () => true }
  const house = houseOf({ directory: "/", clock: systemClock, signal, host, store: begun, settings: () => settings })
  const due = { app: "chat", schedule: "schedules.nightly", slot: new Date(0), missed: 0 }
  const run = { house, runner: createRunner(house), due, command: "test", signal, recorded: async () => await Promise.resolve() }
  await expireByPolicy(run, resolveApp(settings, "chat", { environment: {}, recipes: {} }), "offsite")
}

it("leaves an append-only vault alone unless it has credentials that may delete", async () => {
  await expect(expiring("")).rejects.toThrow("an operation was begun")
  await expect(expiring(", appendOnly: true, expireCredentials: ./admin.env")).rejects.toThrow("an operation was begun")
  await expect(expiring(", appendOnly: true")).resolves.toBeUndefined()
})
