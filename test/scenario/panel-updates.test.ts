/** Updates at the panel, in a real browser against the real service, of an app that really changes its version and goes back. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, vi } from "vitest"
import { z } from "zod"
import { buildWebIfStale } from "../../scripts/build-web.ts"
import { updateHistoryOutput } from "../../src/contract/output-update.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { freePort } from "../fixture/free-port.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { launchBrowser, settled } from "../fixture/panel/browser.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import type { StartedCli } from "./cli.ts"
import { expectAccessible, newPerson, open, said } from "./panel-world.ts"
import { storySteps } from "./story.ts"
import { APP, updateWorld, type UpdateWorld } from "./update-world.ts"

const PASSWORD = "correct horse battery"
const LONG = { timeout: 240_000 }
const UPDATES = `/apps/${APP}/updates`

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
  "chromium",
)("updates at the panel", () => {
  useDocker(updateImages)
  const step = storySteps()
  const complaints: string[] = []
  let world: UpdateWorld
  let service: StartedCli
  let browser: Browser
  let page: Page
  let address = ""

  beforeAll(async () => {
    await buildWebIfStale()
    world = await updateWorld({ rules: { timeout: "60s" } })
    const port = await freePort()
    address = `http://localhost:${port}`
    const file = join(world.project.directory, "holdfast.yaml")
    const settings = z.record(z.string(), z.json()).parse(JSON.parse(await readFile(file, "utf8")))
    await writeFile(file, JSON.stringify({ ...settings, panel: { listen: `127.0.0.1:${port}`, baseUrl: address } }))
    service = world.cli.start("serve")
    browser = await launchBrowser()
    page = (await newPerson(browser, "light", complaints)).page
    const token = await said(service, /with the token (\S+)/)
    await page.goto(address)
    await page.getByLabel("Token").fill(token)
    await page.getByLabel("User name").fill("ann")
    await page.getByLabel("Your name").fill("Ann Smith")
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await press("Make the account")
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor()
    // Now, while the sign-in is fresh: the story may take longer than that lasts.
    const made = await page.request.post(`${address}/api/v1/users`, {
      data: { username: "ben", name: "Ben Jones", password: PASSWORD, grants: [{ role: "viewer", apps: null }] },
      headers: { "x-holdfast": "1", origin: address },
    })
    expect(made.status()).toBe(201)
  }, 300_000)

  afterAll(async () => {
    await browser?.close()
    service?.kill("SIGTERM")
    await service?.done
    await world?.dispose()
  }, 300_000)

  const press = async (name: string): Promise<void> => await page.getByRole("button", { name, exact: true }).first().click()
  const version = async (): Promise<string | undefined> => (await world.project.health())?.body.version

  /** What the page says when the run has ended, whatever came of it. */
  async function result(of: string): Promise<string> {
    const note = page.getByRole("status").or(page.getByRole("alert")).filter({ hasText: of })
    await note.waitFor(LONG)
    return (await note.textContent()) ?? ""
  }

  /** By the keyboard alone: the name, then the button, then the password. */
  async function confirm(action: string): Promise<void> {
    const name = page.getByLabel(/Type the app's name/)
    await name.focus()
    await page.keyboard.type(APP)
    const button = page.getByRole("button", { name: action, exact: true })
    expect(await button.isEnabled()).toBe(true)
    await page.keyboard.press("Enter")
    const dialog = page.getByRole("dialog")
    const asked = await Promise.race([dialog.waitFor().then(() => true), page.waitForURL(`**${UPDATES}`).then(() => false)])
    if (!asked) return
    await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await page.keyboard.press("Enter")
  }

  step("are looked for when somebody asks, and shown with the vendor's words as text", async () => {
    await world.vendor.publish("1.1.0")
    await open(page, `${address}/updates`)
    await page.getByRole("link", { name: APP, exact: true }).click()
    await page.getByRole("heading", { level: 1, name: `Updates of ${APP}` }).waitFor()
    await press("More")
    await page.getByRole("menuitem", { name: "Look for releases" }).click()
    await page.getByText("Update available").waitFor(LONG)
    await settled(page)
    await expectAccessible(page)
    expect(await page.getByRole("definition").allTextContents()).toContain("1.1.0")
  })

  step("are not planned while no point was restored for real; the page says what to do", async () => {
    await page.getByRole("link", { name: "Apply…" }).click()
    await page.getByText("UPDATE_UNPROVEN").waitFor(LONG)
    await page.getByText("holdfast drill", { exact: false }).first().waitFor()
    await expectAccessible(page)
  })

  step("are rehearsed when somebody wants to know before", async () => {
    await world.provenPoint()
    await open(page, `${address}${UPDATES}`)
    await press("More")
    await page.getByRole("menuitem", { name: "Rehearse the update" }).click()
    expect(await result("Rehearsal of 1.1.0:")).toContain(": passed.")
    expect(await version()).toBe("1.0.0")
  })

  step("are applied after the plan was read, with each step shown while it is taken", async () => {
    await open(page, `${address}${UPDATES}/apply`)
    await page.getByRole("heading", { name: "The plan" }).waitFor(LONG)
    await page.getByText("The rehearsal passed.").waitFor()
    await page.getByText(/^about [\d.]+ (ms|s|min)/).waitFor()
    expect(
      await page
        .getByLabel(/^Difference of/)
        .first()
        .textContent(),
    ).toContain("@@")
    await expectAccessible(page)
    await confirm("Apply")
    await page.getByText(`Updating ${APP}`).waitFor(LONG)
    await page.getByRole("progressbar").waitFor()
    await page.getByRole("listitem").filter({ hasText: "Prepare" }).first().waitFor(LONG)
    expect(await result("Update from 1.0.0 to 1.1.0:")).toContain(": done.")
    expect(await version()).toBe("1.1.0")
    await settled(page)
    await page
      .getByText(/^Down for .* were predicted\.$/)
      .first()
      .waitFor()
    await expectAccessible(page)
  })

  step("go back after what was written since was shown", async () => {
    await world.project.addEntry("after", 1)
    await page.getByRole("link", { name: "Roll back…" }).click()
    await page.getByText(/rows? written since the update will not be there afterwards\./).waitFor(LONG)
    await settled(page)
    await expectAccessible(page)
    await confirm("Roll back")
    expect(await result("Rollback from 1.1.0 to 1.0.0:")).toContain(": done.")
    expect(await version()).toBe("1.0.0")
    const { entries } = await world.cli.json(updateHistoryOutput, ["update", "history", APP])
    expect(entries.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(["rollback rolled back", "update applied", "rehearse passed"])
    await settled(page)
    await expectAccessible(page)
  })

  step("that were taken back by a person are tried again only when somebody says so", async () => {
    await open(page, `${address}${UPDATES}/apply`)
    await page.getByText("UPDATE_FAILED_BEFORE").waitFor(LONG)
    await expectAccessible(page)
    await press("Plan it again all the same")
    await page.getByRole("heading", { name: "The plan" }).waitFor(LONG)
    await page.getByText(/was applied and taken back by a person here on .*tried again because somebody says so/).waitFor()
    await expectAccessible(page)
  })

  step("are nothing that a viewer is offered", async () => {
    const ben = (await newPerson(browser, "dark", complaints)).page
    await ben.goto(address)
    await ben.getByLabel("User name").fill("ben")
    await ben.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await ben.getByRole("button", { name: "Sign in", exact: true }).click()
    await ben.getByRole("heading", { level: 1, name: "Overview" }).waitFor()
    await open(ben, `${address}${UPDATES}`)
    for (const name of ["More", "Apply…", "Roll back…"]) expect(await ben.getByText(name, { exact: true }).count(), name).toBe(0)
    await ben.goto(`${address}${UPDATES}/apply`)
    await ben.getByText("Your account may not update this app.").waitFor()
    await ben.goto(`${address}${UPDATES}/rollback`)
    await ben.getByText("Your account may not roll this app back.").waitFor()
  })

  step("fit a telephone", async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    for (const path of ["/updates", UPDATES]) {
      await open(page, `${address}${path}`)
      await vi.waitFor(async () =>
        expect(await page.evaluate<number>("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(360),
      )
    }
  })

  step("left nothing in the browser's console", async () => {
    expect(await Promise.resolve(complaints)).toEqual([])
  })
})
