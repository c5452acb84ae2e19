import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { exampleApp, exampleContext, exampleRecipe } from "../../test/fixture/example.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import type { DatabaseSource } from "../app/app.ts"
import type { Recipe } from "../app/recipe.ts"
import type { RowQueries } from "./has-column.ts"
import { checkReferences, judgeReferences, type ReferenceReport } from "./references.ts"

const source: DatabaseSource = { engine: "sqlite", name: "main", place: { path: "/nowhere" } }
const column = {
  database: "main",
  table: 'up"loads',
  column: "path",
  files: "uploads",
  prefix: "/data/files",
  sizeColumn: "size",
  required: true,
}

/** A real SQLite database that answers the very SQL. */
function engine(rows: readonly (readonly [string | null, number | null])[]): RowQueries & { readonly asked: unknown[] } {
  const database = new DatabaseSync(":memory:")
  database.exec('create table "up""loads" (path text, size integer)')
  for (const row of rows) database.prepare('insert into "up""loads" values (?, ?)').run(...row)
  const asked: unknown[] = []
  const query = async (_source: DatabaseSource, name: string | null, sql: string) => {
    asked.push(name)
    const statement = database.prepare(sql)
    return await Promise.resolve(statement.all().map((row) => Object.values(row).map((value) => (value === null ? null : String(value)))))
  }
  return { for: () => ({ query }), asked }
}

async function uploads(): Promise<string> {
  const root = await temporaryDirectory("references")
  mkdirSync(join(root, "a"))
  writeFileSync(join(root, "a/one"), "12345")
  writeFileSync(join(root, "two"), "12")
  symlinkSync("/etc", join(root, "etc"))
  return root
}

async function check(rows: readonly (readonly [string | null, number | null])[], more: Partial<Recipe["fileReferences"][number]> = {}) {
  const app = exampleApp({ recipe: exampleRecipe({ fileReferences: [{ ...column, ...more }] }) })
  const queries = engine(rows)
  const place = { source, database: "staged", trees: { uploads: await uploads() } }
  const reports = await checkReferences(queries, app, place, exampleContext())
  expect(queries.asked.filter((name) => name !== "staged")).toEqual([])
  return reports.map(({ report }) => report)
}

describe("following a column from rows to files", () => {
  it("passes over a column that an older schema does not have", async () => {
    expect(await check([["/data/files/gone", 1]], { column: "thumbnail_path" })).toEqual([])
    expect(await check([["/data/files/gone", 1]], { table: "emojis" })).toEqual([])
  })

  it("finds files that are there, missing, of another size, and paths of another prefix", async () => {
    const rows = [
      ["/data/files/a/one", 5],
      ["/data/files/two", 3],
      ["/data/files//two", 2],
      ["/data/files/a/gone", 1],
      ["/data/files2/two", 2],
      ["/old/two", 2],
      ["/else/where/two", 2],
      ["/data/files/a/one", null],
      ["", 1],
      [null, 1],
    ] as const
    expect(await check(rows)).toEqual([
      {
        checked: 8,
        missing: ["/data/files/a/gone"],
        wrongSize: ["/data/files/two"],
        foreignPrefix: ["/data/files2/two", "/old/two", "/else/where/two"],
      },
    ])
  })

  it("does not leave the tree, whatever a row says", async () => {
    const rows = [
      ["/data/files/../../../etc/passwd", null],
      ["/data/files/etc/passwd", null],
    ] as const
    const [report] = await check(rows)
    expect(report?.missing).toEqual(rows.map(([path]) => path))
  })

  it("takes paths without a prefix, with one that ends in a slash, and no sizes where none are kept", async () => {
    const { sizeColumn: _none, ...sizeless } = column
    for (const path of ["two", "a/one"])
      expect(await check([[path, null]], { prefix: "" })).toMatchObject([{ checked: 1, missing: [], foreignPrefix: [] }])
    expect(await check([["/data/files/two", 2]], { prefix: "/data/files/" })).toMatchObject([
      { checked: 1, missing: [], foreignPrefix: [] },
    ])
    const app = exampleApp({ recipe: exampleRecipe({ fileReferences: [sizeless] }) })
    const place = { source, database: null, trees: { uploads: await uploads() } }
    const [found] = await checkReferences(engine([["/data/files/two", 99]]), app, place, exampleContext())
    expect(found?.report).toEqual({ checked: 1, missing: [], wrongSize: [], foreignPrefix: [] })
  })

  it("asks nothing for another database, for a tree that is not there, and for an unknown app", async () => {
    expect(await check([["x", 1]], { database: "other" })).toEqual([])
    expect(await check([["x", 1]], { files: "other" })).toEqual([])
    expect(await checkReferences(engine([]), exampleApp(), { source, database: null, trees: {} }, exampleContext())).toEqual([])
  })
})

describe("judging what was found", () => {
  const report = (more: Partial<ReferenceReport>): ReferenceReport => ({
    checked: 9,
    missing: [],
    wrongSize: [],
    foreignPrefix: [],
    ...more,
  })
  const deletes = exampleApp({ recipe: exampleRecipe({ deletesOrphans: true }) })

  it("files that are missing or changed are warnings, with one of them named", () => {
    expect(judgeReferences(deletes, [{ reference: column, report: report({ missing: ["a", "b"], wrongSize: ["c"] }) }])).toEqual([
      '2 of 9 files named in up"loads.path are missing, for example a',
      '1 file named in up"loads.path has another size, for example c',
    ])
    expect(judgeReferences(deletes, [{ reference: column, report: report({}) }])).toEqual([])
  })

  it("a foreign prefix is refused where the program would delete the files as orphans", () => {
    expect(() => judgeReferences(deletes, [{ reference: column, report: report({ foreignPrefix: ["/old/x", "/old/y"] }) }])).toThrow(
      expect.objectContaining({
        code: "REFERENCES_BROKEN",
        message: '2 paths in up"loads.path do not begin with /data/files',
        why: "chat would delete their files as orphans, for example /old/x",
      }),
    )
  })

  it("a foreign prefix is a warning where nothing would be deleted", () => {
    const found = report({ foreignPrefix: ["/old/x"] })
    const warning = ['1 paths in up"loads.path do not begin with /data/files and were not looked for']
    expect(judgeReferences(exampleApp({ recipe: exampleRecipe() }), [{ reference: column, report: found }])).toEqual(warning)
    expect(judgeReferences(exampleApp(), [{ reference: column, report: found }])).toEqual(warning)
    expect(judgeReferences(deletes, [{ reference: { ...column, required: false }, report: found }])).toEqual(warning)
  })
})
