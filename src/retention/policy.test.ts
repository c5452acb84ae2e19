import { expect, test } from "vitest"
import { decideRetention } from "./retention.ts"

const NOW = new Date("2026-04-19T12:00:00Z")
const check = (policy: Parameters<typeof decideRetention>[1], timezone = "Etc/UTC") => decideRetention([], policy, NOW, timezone)

test.each([[{}], [{ last: 0 }], [{ daily: 0, weekly: 0, withinMs: 0 }]])("the policy %j keeps nothing and is refused", (policy) => {
  expect(() => check(policy)).toThrow(
    expect.objectContaining({
      code: "RETENTION_INVALID",
      message: "the retention policy keeps nothing",
      why: "none of its values is above zero",
      hint: "Give at least one positive count.",
    }),
  )
})

test.each(["last", "hourly", "daily", "weekly", "monthly", "yearly"])("`%s` alone is a policy, from 1 to 100000", (name) => {
  expect(check({ [name]: 1 })).toEqual([])
  expect(check({ [name]: 100_000 })).toEqual([])
})

test.each([
  [{ last: -1, daily: 7 }, "last", "-1 is not a whole number from 0 to 100000"],
  [{ hourly: 1.5 }, "hourly", "1.5 is not a whole number from 0 to 100000"],
  [{ daily: Number.NaN }, "daily", "NaN is not a whole number from 0 to 100000"],
  [{ weekly: Number.POSITIVE_INFINITY }, "weekly", "Infinity is not a whole number from 0 to 100000"],
  [{ monthly: 100_001 }, "monthly", "100001 is not a whole number from 0 to 100000"],
  [{ yearly: -7 }, "yearly", "-7 is not a whole number from 0 to 100000"],
  [{ last: 3, withinMs: -1 }, "within", "-1 is not a duration from 0 to 3162240000000 ms"],
  [{ withinMs: 3_162_240_000_001 }, "within", "3162240000001 is not a duration from 0 to 3162240000000 ms"],
])("the policy %j is refused, naming the value", (policy, name, why) => {
  expect(() => check(policy)).toThrow(
    expect.objectContaining({ code: "RETENTION_INVALID", message: `\`keep.${name}\` is not usable`, why }),
  )
})

test("`within` alone is a policy, up to a hundred years", () => {
  expect(check({ withinMs: 1 })).toEqual([])
  expect(check({ withinMs: 3_162_240_000_000 })).toEqual([])
})

test("an unknown timezone is refused", () => {
  expect(() => check({ last: 1 }, "Foo/Bar")).toThrow(
    expect.objectContaining({
      code: "RETENTION_INVALID",
      message: 'the retention policy\'s timezone "Foo/Bar" is unknown',
      hint: "Give an IANA name such as Europe/Berlin or Etc/UTC.",
    }),
  )
})
