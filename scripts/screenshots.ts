/** `node scripts/screenshots.ts [FOLDER]`: pictures of every page of the panel in light and dark, wide and narrow, for the manual. */
import { mkdirSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Browser, Page } from "playwright-core"
import { axeProblems, launchBrowser, settled, steadyNetwork } from "../test/fixture/panel/browser.ts"
import { panelPages, type PanelPage } from "../test/fixture/panel/pages.ts"
import { startStandIn, type StandIn } from "../test/fixture/panel/stand-in.ts"
import { buildWebIfStale } from "./build-web.ts"

const MOST_TALL = 1_000
const MOST_BYTES = 150 * 1024
const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "../docs/manual/pictures"))
const wanted = process.argv[3]
/** For whoever looks at them: pages to their very end. */
const whole = process.argv.includes("--whole")
const views = [
  { name: "light", scheme: "light", width: 1200, height: 800 },
  { name: "dark", scheme: "dark", width: 1200, height: 800 },
  { name: "narrow-light", scheme: "light", width: 360, height: 740 },
  { name: "narrow-dark", scheme: "dark", width: 360, height: 740 },
] as const

type View = (typeof views)[number]

await buildWebIfStale()
mkdirSync(folder, { recursive: true })
const standIn = await startStandIn()
const browser = await launchBrowser()
let troubles = 0
try {
  for (const view of views) await take(browser, standIn, view)
} finally {
  await browser.close()
  await standIn.close()
}
process.exitCode = troubles === 0 ? 0 : 1

async function take(chromium: Browser, service: StandIn, view: View): Promise<void> {
  const context = await chromium.newContext({
    viewport: { width: view.width, height: view.height },
    colorScheme: view.scheme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  })
  await steadyNetwork(context)
  for (const page of panelPages.filter((one) => isWanted(one, view))) {
    const tab = await context.newPage()
    tab.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) complain(page, view, `the console says: ${message.text()}`)
    })
    tab.on("pageerror", (error) => complain(page, view, `the page threw: ${error.message}`))
    await picture(tab, service, page, view)
    await tab.close()
  }
  await context.close()
}

/** A phone shows the pages that people open on one; looked at are all of them. */
function isWanted({ name, onPhone }: PanelPage, view: View): boolean {
  return (wanted === undefined || name.includes(wanted)) && (whole || view.width > 400 || onPhone === true)
}

async function picture(tab: Page, service: StandIn, page: PanelPage, view: View): Promise<void> {
  service.become(page.who === "nobody" || page.who === "first" ? null : (page.who ?? "owner"))
  service.setup(page.who === "first")
  await tab.goto(`${service.address}${page.path}`)
  await settled(tab)
  if (page.prepare !== undefined) await page.prepare(tab)
  await settled(tab)
  const path = join(folder, `${page.name}-${view.name}.png`)
  const tall = await tab.evaluate<number>("document.documentElement.scrollHeight")
  await tab.setViewportSize({ width: view.width, height: Math.min(Math.max(tall, view.height), whole ? 6_000 : MOST_TALL) })
  await tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
  await tab.screenshot({ path, animations: "disabled" })
  for (const problem of await axeProblems(tab)) complain(page, view, problem)
  const wide = await tab.evaluate<number>("document.documentElement.scrollWidth")
  if (wide > view.width) complain(page, view, `scrolls sideways: ${wide} > ${view.width}`)
  if (statSync(path).size > MOST_BYTES) complain(page, view, `${statSync(path).size} bytes are too many for a picture`)
}

function complain({ name }: PanelPage, view: View, what: string): void {
  troubles += 1
  console.error(`${name} (${view.name}): ${what}`)
}
