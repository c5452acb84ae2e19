import { expect, it } from "vitest"
import { bodyOf, tableChoices, type RestoreDraft } from "./draft.ts"

const part = (name: string, kind: string, byDefault: boolean, tables: string[] = []) => ({
  part: name,
  kind,
  what: "",
  sizeBytes: 0,
  storedBytes: 0,
  byDefault,
  browsable: false,
  tables,
})
const parts = [
  part("database:main", "database", true, ["public.users", "public.messages"]),
  part("database:stats", "database", true, ["public.users"]),
  part("files:uploads", "files", true),
  part("image:web", "image", false),
]
const draft: RestoreDraft = { parts: ["database:main", "database:stats", "files:uploads"], tables: [], vault: "local", unproven: false }

it("asks for the usual parts without naming them, so that the service decides what is usual", () => {
  expect(bodyOf(draft, parts)).toEqual({ only: null, vault: "local", withImages: false, unproven: false })
})

it("names parts that were chosen, and says that images go with them", () => {
  expect(bodyOf({ ...draft, parts: ["files:uploads"] }, parts)).toMatchObject({ only: ["files:uploads"], withImages: false })
  expect(bodyOf({ ...draft, parts: [...draft.parts, "image:web"] }, parts)).toMatchObject({ withImages: true })
})

it("asks for single tables of their own databases alone, whatever parts are marked", () => {
  const [, stats] = tableChoices(parts)
  const body = bodyOf({ ...draft, tables: stats?.items.map(({ value }) => value) ?? [], unproven: true }, parts)
  expect(body).toEqual({ only: ["database:stats"], tables: ["public.users"], vault: "local", unproven: true })
})
