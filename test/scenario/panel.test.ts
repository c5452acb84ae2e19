/** What people do at the panel, in a real browser against the real service: first run to undo, and somebody who may only look. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Download, Page } from "playwright-core"
import { afterAll, beforeAll, expect, vi } from "vitest"
import { pointsOutput } from "../../src/contract/output.ts"
import { chatImages } from "../fixture/chat-app/project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { mailSink } from "../fixture/notice/mail-sink.ts"
import { isTestMessage, webSink } from "../fixture/notice/web-sink.ts"
import { settled } from "../fixture/panel/browser.ts"
import { totpCode } from "../fixture/panel/totp.ts"
import { COMMENT, expectAccessible, giveAuthenticator, open, panelWorld, type PanelWorld } from "./panel-world.ts"
import { storySteps } from "./story.ts"

const PASSWORD = "correct horse battery"
const LONG = { timeout: 240_000 }

describeNeeding(
  "docker",
  "root",
  "restic",
  "postgres",
  "chromium",
)("the panel", () => {
  useDocker(chatImages)
  const step = storySteps()
  let world: PanelWorld
  let page: Page
  let secret = ""

  beforeAll(async () => {
    world = await panelWorld()
    page = (await world.person()).page
  })
  afterAll(async () => await world?.dispose())

  const app = (): string => world.chat.project.name
  const press = async (name: string | RegExp, on: Page = page): Promise<void> =>
    await on.getByRole("button", { name, exact: true }).first().click()
  const follow = async (name: string | RegExp, on: Page = page): Promise<void> =>
    await on.getByRole("link", { name, exact: true }).first().click()
  const heading = async (name: string | RegExp, on: Page = page): Promise<void> => await on.getByRole("heading", { name }).first().waitFor()
  const messages = async (): Promise<number> => Number(await world.chat.project.psql("SELECT count(*) FROM messages"))

  step("makes the first account with the token from the host's log, and with no other", async () => {
    await open(page, world.address)
    await heading("First run")
    await page.getByLabel("Token").fill("not the token")
    await page.getByLabel("User name").fill("ann")
    await page.getByLabel("Your name").fill("Ann Smith")
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await press("Make the account")
    await page.getByText("This is not the token of this host.").waitFor()
    await page.getByLabel("Token").fill(world.firstRunToken)
    await press("Make the account")

    await heading("Overview")
    await page.getByText("No app is protected yet.").waitFor()
    await settled(page)
    await expectAccessible(page)
  })

  step("asks for the second factor at sign-in once it was turned on", async () => {
    await open(page, `${world.address}/settings`)
    await page.getByLabel("Your password").fill(PASSWORD)
    await press("Turn it on")
    secret = (await page.getByTestId("totp-secret").textContent()) ?? ""
    await expectAccessible(page)
    await page.getByLabel("Code that the app shows now").fill(totpCode(secret, -1))
    await press("Finish")
    await page.getByText("The second factor is on.").waitFor()

    await signOut()
    await page.getByLabel("User name").fill("ann")
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await press("Sign in")
    await heading("Second factor")
    await expectAccessible(page)
    await page.getByLabel("Code").fill(totpCode(secret))
    await press("Sign in")
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor()
  })

  step("takes a passkey and lets in whoever holds it, without a password", async () => {
    await giveAuthenticator(page)
    await page.getByLabel("Name of a new passkey").fill("Laptop")
    await press("Add a passkey")
    await page.getByText("Laptop added").waitFor()
    await expectAccessible(page)
    await signOut()
    await press("Use a passkey")
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor()
  })

  step("adds an app from its compose file, and writes below what was in the settings", async () => {
    await open(page, `${world.address}/add-app`)
    await page.getByLabel("Path on the host").fill(`${world.chat.project.directory}/docker-compose.yml`)
    await press("Look what is there")
    await heading("What was found")
    await page.getByText("Database main").waitFor()
    await expectAccessible(page)
    await press("Save")

    await page.getByRole("heading", { level: 1, name: app() }).waitFor()
    await settled(page)
    await expectAccessible(page)
    const written = await readFile(world.settingsFile, "utf8")
    expect(written).toContain(COMMENT)
    expect(written).toContain(`${app()}:`)
  })

  step("backs it up at once and shows what happens while it happens", async () => {
    await world.chat.project.post("before the point")
    await press("Back up now")
    await page.getByLabel("Label").fill("from the panel")
    await press("Back up")
    await page.getByRole("heading", { level: 1, name: `Backup of ${app()}` }).waitFor()
    await page.getByRole("progressbar").waitFor()

    await page.getByText("It succeeded.").waitFor(LONG)
    await page.getByRole("heading", { name: "Steps" }).waitFor()
    await settled(page)
    await expectAccessible(page)
    await follow("Open the point")
    await heading(/^Point /)
    await page.getByText("from the panel").waitFor()
    await settled(page)
    await expectAccessible(page)
  })

  step("hands out one file of the point, as it was", async () => {
    await open(page, `${world.address}/apps/${app()}/points/latest/files?part=configuration`)
    const file = await downloaded(async () => await press("Download 0-docker-compose.yml"))
    expect(file.suggestedFilename()).toBe("0-docker-compose.yml")
    expect(await readFile(await file.path(), "utf8")).toBe(await readFile(join(world.chat.project.directory, "docker-compose.yml"), "utf8"))
    await open(page, `${world.address}/apps/${app()}/points/latest`)
  })

  step("restores it through the wizard: what will be lost, the app's name, then live to the end", async () => {
    await world.chat.project.post("after the point")
    await world.chat.project.post("after the point, too")
    const before = await messages()
    await follow("Restore…")
    await page.getByRole("combobox", { name: "Only these tables" }).click()
    await page.getByRole("option", { name: "public.messages" }).click()
    await page.keyboard.press("Escape")
    await expectAccessible(page)
    await press("Make the plan")
    await page.getByText("Rows of public.messages").waitFor()
    await press("Back")
    await press("Make the plan")
    await heading("The plan")
    await page.getByText(/rows? written since this point will be lost/).waitFor()
    await expectAccessible(page)
    const button = page.getByRole("button", { name: "Restore", exact: true })
    expect(await button.isDisabled()).toBe(true)
    await page.getByLabel(/Type the app's name/).fill(app())
    await button.click()
    await confirmIfAsked(page)

    await page.getByRole("heading", { level: 1, name: `Restore of ${app()}` }).waitFor()
    await page.getByText("It succeeded.").waitFor(LONG)
    expect(await messages()).toBe(before - 2)
    await settled(page)
    await expectAccessible(page)
  })

  step("undoes the restore", async () => {
    const restored = await messages()
    await follow("Undo…")
    await page.getByLabel(/Type the app's name/).fill(app())
    await settled(page)
    await expectAccessible(page)
    await page.getByRole("button", { name: "Undo", exact: true }).click()
    await confirmIfAsked(page)

    await page.getByRole("heading", { level: 1, name: `Undo of ${app()}` }).waitFor()
    await page.getByText("It succeeded.").waitFor(LONG)
    expect(await messages()).toBe(restored + 2)
  })

  step("edits a schedule in the settings file and leaves every comment where it is", async () => {
    await open(page, `${world.address}/schedules/${app()}/backup/new`)
    await page.getByRole("heading", { name: /After a year/ }).waitFor()
    await expectAccessible(page)
    await press("Save")
    await heading("Schedules")
    const made = await readFile(world.settingsFile, "utf8")
    await writeFile(world.settingsFile, made.replace(/^(\s*)nightly:/m, "$1# after the cleaning of the tables\n$1nightly:"))

    await open(page, `${world.address}/schedules`)
    await follow("nightly")
    await page.getByLabel("At", { exact: true }).fill("04:15")
    await page
      .getByText(/, 04:15/)
      .first()
      .waitFor()
    await press("Save")
    await heading("Schedules")
    await page.getByText("Every day at 04:15").waitFor()
    const edited = await readFile(world.settingsFile, "utf8")
    expect(edited).toContain(COMMENT)
    expect(edited).toContain("# after the cleaning of the tables")
    expect(edited).toMatch(/cron: "?15 4 \* \* \*"?/)
  })

  step("tells what somebody else changed meanwhile instead of writing over it", async () => {
    await follow("nightly")
    await page.getByLabel("At", { exact: true }).fill("05:00")
    const now = await readFile(world.settingsFile, "utf8")
    await writeFile(world.settingsFile, `# a word from the other editor\n${now}`)
    await press("Save")

    await page.getByText("The settings file was changed meanwhile; nothing was written.").waitFor()
    expect(await page.getByLabel("What was changed meanwhile").textContent()).toContain("# a word from the other editor")
    await expectAccessible(page)
    await press("Load the file as it is now")
    // The form begins anew with what the file says; what is filled in before that is gone.
    await expect.poll(async () => await page.getByLabel("At", { exact: true }).inputValue(), LONG).toBe("04:15")
    await page.getByLabel("At", { exact: true }).fill("05:00")
    await press("Save")
    await heading("Schedules")
    expect(await readFile(world.settingsFile, "utf8")).toContain("# a word from the other editor")
  })

  step("lets somebody be told by mail and webhook, and proves that it arrives", async () => {
    const before = await readFile(world.settingsFile, "utf8")
    const [hook, mail] = [await webSink(), await mailSink({ plain: true })]
    await open(page, `${world.address}/settings?tab=notifications`)
    await page.getByLabel("Mail to").fill("ann@example.com; bob@example.com ann@example.com")
    await page.getByLabel("Webhooks").fill(`${hook.url}/told`)
    await page.getByRole("switch", { name: "Send mail" }).click()
    await page.getByLabel("Host", { exact: true }).fill("127.0.0.1")
    await page.getByLabel("Port").fill(String(mail.port))
    await page.getByLabel("From").fill("holdfast@example.com")
    await page.getByRole("combobox", { name: "Encryption" }).click()
    await page.getByRole("option", { name: "None" }).click()
    await expectAccessible(page)
    await press("Save")
    await page.getByText("Saved into the settings file.").first().waitFor()
    const saved = await readFile(world.settingsFile, "utf8")
    expect(saved).toContain(COMMENT)
    expect(saved).toContain(`${hook.url}/told`)

    await press("Send a test message")

    // An alarm may be told as well by then.
    const posted = (): readonly string[] => hook.requests.filter(({ body }) => isTestMessage(body)).map(({ path }) => path)
    await expect.poll(posted, { timeout: 60_000 }).toEqual(["/told"])
    const told = (): readonly string[] =>
      mail.mails
        .filter(({ text }) => isTestMessage(text))
        .flatMap(({ to }) => to)
        .toSorted()
    await expect.poll(told, { timeout: 60_000 }).toEqual(["ann@example.com", "bob@example.com"])
    await page.locator("text=/: sent\\.$/").first().waitFor()
    expect(await page.getByText("not delivered").count()).toBe(0)
    await writeFile(world.settingsFile, before)
  })

  step("hands out the recovery kit after the second factor was shown again", async () => {
    await open(page, `${world.address}/settings?tab=kit`)
    await page.getByText("Never taken").waitFor()
    world.letFreshnessPass()
    await press("Take the recovery kit")
    await press("Take it")
    const kit = await downloaded(async () => await confirmIfAsked(page, true))
    expect(await readFile(await kit.path(), "utf8")).toContain(world.chat.vault)
    await page.getByText(/^Taken/).waitFor()
  })

  step("makes a key for a program, which may then look and nothing else", async () => {
    await open(page, `${world.address}/settings?tab=keys`)
    await press("Add key")
    await page.getByLabel("Name", { exact: true }).fill("monitor")
    await press("Add")
    await page.getByText("Copy the key now").waitFor()
    await expectAccessible(page)
    const key = (await page.locator(".inset-note .mono").textContent()) ?? ""
    const ask = async (method: string, path: string) =>
      await fetch(`${world.address}/api/v1${path}`, { method, headers: { authorization: `Bearer ${key}` } })
    const seen = await ask("GET", "/overview")
    expect(seen.status).toBe(200)
    expect(await seen.json()).toMatchObject({ apps: [{ app: app(), protected: true }] })
    expect((await ask("POST", `/apps/${app()}/backup`)).status).toBe(403)
  })

  step("stops what is running when it is told to, and leaves no half point", async () => {
    const { project, cli } = world.chat
    const points = async () => (await cli.json(pointsOutput, ["points", app()])).points.map(({ id }) => id)
    const before = await points()
    const held = project.psql("BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(300)").catch(() => undefined)
    const locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'messages'::regclass"
    await vi.waitFor(async () => expect(await project.psql(locked)).toBe("1"), LONG)
    await open(page, `${world.address}/apps/${app()}`)
    await press("Back up now")
    await press("Back up")
    await page.getByRole("heading", { level: 1, name: `Backup of ${app()}` }).waitFor()
    await press("Cancel")
    await page.getByText("It was cancelled.").waitFor(LONG)
    await settled(page)
    await expectAccessible(page)
    await project.psql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)' AND pid <> pg_backend_pid()",
    )
    await held
    expect(await points()).toEqual(before)
  })

  step("is readable and usable on every further page, in light and in dark", async () => {
    for (const path of [
      "/",
      "/activity",
      "/vaults",
      "/vaults/add",
      "/settings?tab=users",
      "/settings?tab=keys",
      "/settings?tab=notifications",
      "/settings?tab=kit",
      "/settings?tab=audit",
      `/apps/${app()}/expire`,
    ])
      await open(page, `${world.address}${path}`)
  })

  step("offers a viewer nothing that changes anything, and refuses what he asks for anyway", async () => {
    await open(page, `${world.address}/settings?tab=users`)
    await press("Add user")
    await page.getByLabel("User name").fill("ben")
    await page.getByLabel("Name", { exact: true }).fill("Ben Jones")
    await page.getByLabel("First password").fill(PASSWORD)
    await expectAccessible(page)
    await press("Add")
    await confirmIfAsked(page)
    await page.getByText("Ben Jones").waitFor()

    const ben = (await world.person("dark")).page
    await ben.goto(world.address)
    await ben.getByLabel("User name").fill("ben")
    await ben.getByLabel("Password", { exact: true }).fill(PASSWORD)
    await press("Sign in", ben)
    await heading("Overview", ben)
    const allowed = [
      "Holdfast, to the overview",
      "Close the menu",
      "Open the menu",
      "ben",
      "Compare two points",
      "Show older operations",
      "Load",
      "Pages",
    ]
    for (const path of ["/", `/apps/${app()}`, `/apps/${app()}/points/latest`, "/schedules", "/activity"]) {
      await ben.goto(`${world.address}${path}`)
      await settled(ben)
      const names = (await ben.getByRole("button").allTextContents()).map((name) => name.trim())
      expect(
        names.filter((name) => name !== "" && !allowed.includes(name)),
        path,
      ).toEqual([])
      expect(await ben.getByRole("link", { name: /^(Restore…|Undo…|Edit$|Add )/ }).count(), path).toBe(0)
    }
    await ben.goto(`${world.address}/apps/${app()}/points/latest/restore`)
    await ben.getByText("Your account may not restore this app.").waitFor()
    const answer = await ben.request.post(`${world.address}/api/v1/apps/${app()}/backup`, {
      data: {},
      headers: { "x-holdfast": "1", origin: world.address },
    })
    expect(answer.status()).toBe(403)
    expect(await answer.json()).toMatchObject({ error: { code: "ROLE_MISSING" } })
  })

  step("had nothing to complain about in the browser's console", async () => {
    expect(await Promise.resolve(world.complaints())).toEqual([])
  })

  /** Within five minutes of a second factor nobody is asked again; later the dialog wants the next code. */
  async function confirmIfAsked(on: Page, surely = false): Promise<void> {
    const dialog = on.getByRole("dialog", { name: "Confirm that it is you" })
    const gone = on.getByRole("heading", { level: 1, name: / of / })
    await (surely ? dialog : dialog.or(gone).or(on.getByText("may sign in now")).first()).waitFor()
    if (!(await dialog.isVisible())) return
    await expectAccessible(on)
    await dialog.getByLabel("Code").fill(totpCode(secret, 1))
    await dialog.getByRole("button", { name: "Confirm" }).click()
  }

  async function signOut(): Promise<void> {
    await press(/^ann/)
    await page.getByRole("menuitem", { name: "Sign out" }).click()
    await heading("Sign in")
  }

  async function downloaded(doing: () => Promise<void>): Promise<Download> {
    const [download] = await Promise.all([page.waitForEvent("download"), doing()])
    return download
  }
})
