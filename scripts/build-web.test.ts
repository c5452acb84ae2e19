import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { buildWebIfStale } from "./build-web.ts"

const built = join(import.meta.dirname, "../web/dist")

it("builds the panel once, and not again while its sources are the same", async () => {
  await buildWebIfStale()

  expect(await buildWebIfStale()).toBe(false)
  const page = readFileSync(join(built, "index.html"), "utf8")
  expect(existsSync(join(built, "favicon.svg"))).toBe(true)
  // Nothing from elsewhere, and no script in the page: the content security policy would stop it.
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/)
})
