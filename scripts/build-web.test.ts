import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { buildWebIfStale } from "./build-web.ts"

const built = join(import.meta.dirname, "../web/dist")
/** Over a telephone's network at 1.6 Mbit/s: a second and a quarter. */
const FIRST_LOAD_BYTES = 250 * 1024

it("builds the panel once, and not again while its sources are the same", async () => {
  await buildWebIfStale()

  expect(await buildWebIfStale()).toBe(false)
  const page = readFileSync(join(built, "index.html"), "utf8")
  expect(existsSync(join(built, "favicon.svg"))).toBe(true)
  // Nothing from elsewhere, and no script in the page: the content security policy would stop it.
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/)
})

it("makes a first load that is small: compressed, and without the pages and charts that nobody has opened", async () => {
  await buildWebIfStale()

  const page = readFileSync(join(built, "index.html"), "utf8")
  const first = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((found) => join(built, found[1] ?? ""))
  expect(first.length).toBeGreaterThan(2)
  const sizes = first.map((file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size)
  expect(sizes.reduce((sum, one) => sum + one, 0)).toBeLessThan(FIRST_LOAD_BYTES)
  const text = first.map((file) => readFileSync(file, "utf8")).join("\n")
  // The axes of charts; the heading of a page that is opened later.
  for (const later of ["recharts-", "Compare two points"]) expect(text).not.toContain(later)
})
