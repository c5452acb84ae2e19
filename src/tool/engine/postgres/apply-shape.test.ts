import { describe, expect, it } from "vitest"
import { settingStatement } from "./apply-shape.ts"

describe("a recorded setting becomes a statement", () => {
  it.each([
    ["work_mem=7MB", `ALTER DATABASE "d" SET "work_mem" TO '7MB'`],
    [`search_path="$user", public, "Odd, ""Name"""`, `ALTER DATABASE "d" SET "search_path" TO '$user', 'public', 'Odd, "Name"'`],
    [`search_path=""`, `ALTER DATABASE "d" SET "search_path" TO ''`],
    ["Weird:Role:statement_timeout=1min", `ALTER ROLE "Weird:Role" IN DATABASE "d" SET "statement_timeout" TO '1min'`],
    ["app.token=a=b:c", `ALTER DATABASE "d" SET "app"."token" TO 'a=b:c'`],
    ["log_line_prefix=%m 'x' ", `ALTER DATABASE "d" SET "log_line_prefix" TO '%m ''x'' '`],
  ])("%s", (setting, statement) => {
    expect(settingStatement(`"d"`, setting)).toBe(statement)
  })
})
