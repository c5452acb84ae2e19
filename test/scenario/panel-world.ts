/** An operator at a browser: the service as it is, the panel as it was built, a chat application to protect. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { expect, vi } from "vitest"
import { buildWebIfStale } from "../../scripts/build-web.ts"
import { freePort } from "../fixture/free-port.ts"
import { axeProblems, launchBrowser, settled, steadyNetwork } from "../fixture/panel/browser.ts"
import { chatWorld, type ChatWorld } from "./chat-world.ts"
import type { StartedCli } from "./cli.ts"

export const COMMENT = "# nobody but us restores on Fridays"

export interface PanelWorld {
  readonly chat: ChatWorld
  readonly settingsFile: string
  readonly address: string
  readonly firstRunToken: string
  /** A browser of somebody else: no cookies are shared. */
  person(scheme?: "light" | "dark"): Promise<{ readonly context: BrowserContext; readonly page: Page }>
  /** As if five minutes had passed since anybody showed a second factor. */
  letFreshnessPass(): void
  /** What the browser's console complained about so far. */
  complaints(): readonly string[]
  dispose(): Promise<void>
}

/** The app runs, the settings name a vault and no app yet, and the service serves. */
export async function panelWorld(): Promise<PanelWorld> {
  await buildWebIfStale()
  const chat = await chatWorld()
  await chat.project.up()
  const settingsFile = join(chat.project.directory, "holdfast.yaml")
  const port = await freePort()
  // Browsers bind passkeys to a name, never to an address of numbers.
  const address = `http://localhost:${port}`
  const panel = `panel:\n  listen: 127.0.0.1:${port}\n  baseUrl: ${address}\n`
  await writeFile(settingsFile, `${COMMENT}\n${panel}vaults:\n  local:\n    path: ${chat.vault}\napps: {}\n`)
  const service = chat.cli.start("serve")
  await said(service, /the panel is at (\S+)/)
  const firstRunToken = await said(service, /with the token (\S+)/)
  const browser = await launchBrowser()
  const complaints: string[] = []
  return {
    chat,
    settingsFile,
    address,
    firstRunToken,
    person: async (scheme = "light") => await newPerson(browser, scheme, complaints),
    letFreshnessPass: () => {
      const accounts = new DatabaseSync(join(chat.cli.place.stateDirectory, "accounts.sqlite"), { timeout: 5000 })
      accounts.exec("DELETE FROM fresh_session")
      accounts.close()
    },
    complaints: () => complaints,
    dispose: async () => {
      await browser.close()
      service.kill("SIGTERM")
      await service.done
      await chat.dispose()
    },
  }
}

/** A key that is built into this page's machine, and that its person touches at once when asked. */
export async function giveAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send("WebAuthn.enable")
  const kind = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true } as const
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...kind, isUserVerified: true, automaticPresenceSimulation: true },
  })
}

export async function newPerson(
  browser: Browser,
  scheme: "light" | "dark",
  complaints: string[],
): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ colorScheme: scheme, reducedMotion: "reduce", viewport: { width: 1200, height: 900 } })
  await steadyNetwork(context)
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    // A refusal is an answer; a stream that a passing network broke off is taken up again.
    if (message.type() === "error" && !/status of 4\d\d|ERR_NETWORK_CHANGED|ERR_CONNECTION/.test(message.text()))
      complaints.push(message.text())
  })
  return { context, page }
}

export async function said(service: StartedCli, pattern: RegExp): Promise<string> {
  return await vi.waitFor(
    () => {
      const word = pattern.exec(service.said())?.[1]
      if (word === undefined) throw new Error(`the service has not said ${pattern.source}:\n${service.said()}`)
      return word
    },
    { timeout: 90_000, interval: 100 },
  )
}

/** Opens a page and waits until it is there; axe must have nothing against it, in light and in dark. */
export async function open(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await settled(page)
  await expectAccessible(page)
}

/** By then what changes colour has begun to. */
const TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"

/** Axe has nothing against the page as it is now, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme })
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor()
    await page.evaluate(TWO_FRAMES)
    await settled(page)
    expect(await axeProblems(page), `${page.url()} in ${colorScheme}`).toEqual([])
  }
}
