import { describe, expect, it } from "vitest"
import { createScriptReader } from "./sql-script.ts"

function kinds(script: string): string[] {
  const reader = createScriptReader()
  return script.split("\n").map((line) => reader.read(line).kind)
}

describe("a plain dump read line by line", () => {
  it("has data between COPY FROM stdin and its end, in which nothing is a command", () => {
    expect(kinds("COPY public.t (a) FROM stdin;\n\\! rm\n\\restrict x\n\\.\nSELECT 1;")).toEqual(["sql", "data", "data", "data", "sql"])
  })

  it("drops the lock of newer pg_dump and nothing that only looks like it", () => {
    expect(kinds("\\restrict aB3\nSELECT 1;\n\\unrestrict aB3")).toEqual(["lock", "sql", "lock"])
    expect(kinds("\\restrict aB3; \\! id")).toEqual(["refused"])
    expect(kinds("SELECT\n\\restrict aB3")).toEqual(["sql", "refused"])
  })

  it.each([
    ["at the start of a line", "\\! id"],
    ["behind a statement", "SELECT 1; \\! id"],
    ["behind a string that ends in a backslash", "SELECT 'a\\'; \\! id"],
    ["behind an escape string", String.raw`SELECT E'\''; \! id`],
    ["behind a word that ends in e", String.raw`SELECT case'\'; \! id`],
    ["behind a quoted name", 'SELECT "a;b"; \\! id'],
    ["behind a comment within a comment", "/* /* */ */ \\! id"],
    ["behind a dollar quote", "SELECT $a$ $b$ $a$; \\! id"],
    ["connecting elsewhere", "\\connect other"],
  ])("refuses a command of psql %s", (_where, script) => {
    expect(kinds(script).at(-1)).toBe("refused")
  })

  it.each([
    ["a string over several lines", "SELECT 'a\n\\! b\n';"],
    ["an escape string", String.raw`SELECT E'\'\! id';`],
    ["a function's body", "CREATE FUNCTION f() AS $_$\nCOPY t FROM PROGRAM 'x';\n\\! id\n$_$;"],
    ["a comment", "-- \\! id\n/* \\!\n /* \\! */ */"],
    ["a quoted name", 'SELECT "a\\b";'],
  ])("takes %s for what it is", (_what, script) => {
    expect(kinds(script)).not.toContain("refused")
  })

  it.each([
    "COPY t FROM PROGRAM 'id';",
    "copy /* x */ t\n from program 'id';",
    "COPY t TO PROGRAM 'id';",
    "COPY t FROM '/etc/passwd';",
    "COPY (SELECT 1) TO '/tmp/x';",
    "SET standard_conforming_strings = off;",
    "SELECT set_config('a', standard_conforming_strings, false);",
  ])("refuses %j", (script) => {
    expect(kinds(script).at(-1)).toBe("refused")
  })

  it("rests only where nothing is open", () => {
    for (const script of ["SELECT", "SELECT 'a", 'SELECT "a', "/* a", "SELECT $$a", "COPY t FROM stdin;\n1"]) {
      const reader = createScriptReader()
      for (const line of script.split("\n")) reader.read(line)
      expect(reader.atRest(), script).toBe(false)
    }
    const reader = createScriptReader()
    for (const line of ["SET standard_conforming_strings = on;", "", "--", "COPY t FROM stdin;", "\\."]) reader.read(line)
    expect(reader.atRest()).toBe(true)
  })
})
