import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { resolveApp } from "./resolve.ts"
import { loadSettings } from "./settings.ts"

it("what the points of another app of the same compose project hold is not missed in those of an app", async () => {
  const directory = await temporaryDirectory()
  const text = `
vaults: { v: { path: ./v } }
apps:
  chat:
    compose: ./c.yml
    databases: { main: { postgres: { service: db, database: chat, user: u } } }
    leaveOut: [thumbs]
  board:
    compose: ./c.yml
    databases: { main: { postgres: { service: db, database: board, user: u } }, far: { postgres: { host: h, database: far, user: u } } }
    files: { up: { volume: up }, own: { path: ./own } }
  cards: { compose: ./c.yml, databases: { main: { sqlite: { volume: cards, path: c.db } } } }
  broken: { compose: ./c.yml, databases: { main: { url: "env:NOT_SET" } } }
  elsewhere: { compose: ./d.yml, databases: { main: { postgres: { service: db, database: other, user: u } } } }
  plain: { databases: { main: { sqlite: ./p.db } } }
  bare: { files: { own: { path: ./bare } } }
`
  await writeFile(join(directory, "h.yaml"), text)
  for (const name of ["c.yml", "d.yml"]) await writeFile(join(directory, name), "services: {}\n")
  const settings = loadSettings(join(directory, "h.yaml"), {})
  const left = (name: string): unknown => resolveApp(settings, name, { environment: {}, recipes: {} }).leaveOut

  expect(left("chat")).toEqual(["thumbs", "db/board", "up", join(directory, "own"), "cards"])
  expect(left("board")).toEqual(["db/chat", "cards"])
  expect(left("elsewhere")).toBeUndefined()
  expect(left("plain")).toBeUndefined()
  expect(left("bare")).toBeUndefined()
})
