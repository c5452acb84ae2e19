import { expect, test } from "vitest"
import { app } from "../../test/contract/retention-vault.ts"
import { policyFor } from "./policy-for.ts"

const usual = { enabled: true, cold: false, only: null, onChange: false }
const nightly = {
  ...usual,
  cron: "0 3 * * *",
  timezone: "America/New_York",
  vault: "local",
  copies: ["offsite"],
  keep: { last: 3, daily: 7 },
}
const hourly = {
  ...usual,
  cron: "0 * * * *",
  timezone: "Etc/UTC",
  vault: "local",
  copies: [],
  keep: { last: 24, withinMs: 1000 },
}
const chat = { ...app, schedules: { nightly, hourly } }

test("a vault's own policy wins, in the timezone of its schedule", () => {
  expect(policyFor(chat, "local", { yearly: 1 })).toEqual({ policy: { yearly: 1 }, timezone: "America/New_York" })
})

test("schedules that share a vault keep what the more generous one says", () => {
  expect(policyFor(chat, "local", null)).toEqual({ policy: { last: 24, daily: 7, withinMs: 1000 }, timezone: "America/New_York" })
})

test("a copy never follows the deletion of its origin", () => {
  expect(policyFor(chat, "offsite", null)).toBeNull()
  expect(policyFor(chat, "offsite", { monthly: 24 })).toEqual({ policy: { monthly: 24 }, timezone: "America/New_York" })
})

test("without a schedule the vault's own policy is in UTC", () => {
  expect(policyFor(app, "local", { last: 5 })).toEqual({ policy: { last: 5 }, timezone: "Etc/UTC" })
})

test("what is taken on change has a policy of its own, which data never gets", () => {
  const secrets = { ...hourly, keep: { withinMs: 5_000_000 }, only: ["secrets", "configuration"], onChange: true, copies: ["offsite"] }
  const both = { ...app, schedules: { nightly, secrets } }
  expect(policyFor(both, "local", null)).toMatchObject({ policy: { last: 3, daily: 7 }, onChange: { withinMs: 5_000_000 } })
  expect(policyFor(both, "offsite", { last: 1 })).toMatchObject({ policy: { last: 1 }, onChange: { withinMs: 5_000_000 } })
})
