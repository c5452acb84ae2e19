/** The door for an app's own administration page, over real HTTP: what is signed as the manual says is let in, and nothing else. */
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { request } from "node:http"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { z } from "zod"
import { auditPage } from "../../src/contract/api/accounts.ts"
import { plannedUpdate, updaterStatus } from "../../src/contract/api/updates.ts"
import { accepted } from "../../src/contract/api/shapes.ts"
import { signatureOf, signedText } from "../../src/surface/http/updater/signed-request.ts"
import { rememberFound } from "../../src/surface/house/found-updates.ts"
import { apiClient, type Answer } from "../fixture/api-client.ts"
import { testPanel, type TestPanel } from "../fixture/panel.ts"
import { updatePlanDocument } from "../fixture/panel/update-documents.ts"
import { signedHeaders, type Signing } from "../fixture/signed-app.ts"
import { recordedWork, type WorkAsked } from "../fixture/update-work.ts"

const TOKEN = "a-token-that-nobody-guesses-0123456789"
const STATUS = "/api/v1/updater/chat/status"
const PLAN = "/api/v1/updater/chat/plan"
const APPLY = "/api/v1/updater/chat/apply"
const QUARTER_MS = 16 * 60_000

const app = (token: string): string => `
    compose: ./compose.yml
    files: { up: { path: ./up } }
    updates: { source: registry, repositories: [registry.example/chat/web]${token} }`
const SETTINGS = `vaults:
  local: { path: ./vault }
apps:
  chat:${app(", token: ./updater_token")}
  notes:${app(", token: ./other_token")}
  blank:${app(", token: ./blank_token")}
  short:${app(", token: ./short_token")}
  gone:${app(", token: ./no_such_file")}
  none:${app("")}
`

let panel: TestPanel
let work: WorkAsked

beforeEach(async () => {
  work = recordedWork()
  const tokens = { updater_token: `${TOKEN}\n`, other_token: `${TOKEN}-of-notes\n`, blank_token: "\n", short_token: "fifteen-letters" }
  const files = { "compose.yml": "services: { web: { image: registry.example/chat/web:2.4.1 } }\n", ...tokens }
  panel = await testPanel({ settings: SETTINGS, updates: work.work, files })
})

afterEach(async () => await panel.dispose())

type Changed = Partial<Signing> & {
  readonly headers?: Record<string, string | undefined>
  readonly sent?: { method?: string; path?: string; body?: string }
}

/** Signs one thing and sends it, or something else. */
async function send({ headers = {}, sent = {}, ...signing }: Changed = {}): Promise<Answer> {
  const signed = { token: TOKEN, method: "GET", path: STATUS, atMs: panel.nowMs(), ...signing }
  const all = Object.entries({ ...signedHeaders(signed), ...headers }).filter((one): one is [string, string] => one[1] !== undefined)
  const body = sent.body ?? signed.body
  return await apiClient(panel.listening.url).raw(sent.method ?? signed.method, sent.path ?? signed.path, Object.fromEntries(all), body)
}

const post = async (path: string, body: object): Promise<Answer> => await send({ method: "POST", path, body: JSON.stringify(body) })

describe("an app that signs its requests", () => {
  it("is told what runs and what is there, without cookie, header or key", async () => {
    const found = { running: "2.4.1", hops: [updatePlanDocument.to], lookedAt: panel.house.clock.now(), notices: [] }
    await rememberFound(panel.store, "chat", found)
    const status = updaterStatus.parse((await send()).body)
    expect(status).toMatchObject({ app: "chat", running: "2.4.1", latest: "2.5.0", operation: null, last: null })
    expect(status.notes).toContain("<b>Uploads</b> above 2 GiB")
  })

  it("plans, and applies what the plan said, once", async () => {
    const planned = plannedUpdate.parse((await post(PLAN, {})).body)
    expect(planned.plan?.to.version).toBe("2.5.0")
    expect(planned.lines.join("\n")).toContain("updates chat from 2.4.1 to 2.5.0")
    const answer = await post(APPLY, { planId: planned.planId })
    expect(answer.status).toBe(202)
    const { operationId } = accepted.parse(answer.body)
    expect(work.asked).toEqual(["plan chat", "apply chat 2.5.0"])
    const last = await vi.waitFor(
      async () => updaterStatus.parse((await send()).body).last ?? (await Promise.reject(new Error("it goes on"))),
    )
    expect(last).toMatchObject({
      operationId,
      outcome: "applied",
      from: "2.4.1",
      to: "2.5.0",
      downtimeMs: 7_000,
      by: expect.stringContaining("app chat"),
    })
    expect((await post(APPLY, { planId: planned.planId })).code).toBe("PLAN_STALE")
  })

  it("cannot take over the plan of a person, nor of another app", async () => {
    const owner = await panel.owner()
    const theirs = plannedUpdate.parse((await owner.send("POST", "/api/v1/apps/chat/update-plan", {})).body)
    expect((await post(APPLY, { planId: theirs.planId })).code).toBe("PLAN_STALE")
    const path = "/api/v1/updater/notes/plan"
    const others = plannedUpdate.parse((await send({ token: `${TOKEN}-of-notes`, method: "POST", path, body: "{}" })).body)
    expect((await post(APPLY, { planId: others.planId })).code).toBe("PLAN_STALE")
    expect(work.asked.some((one) => one.startsWith("apply"))).toBe(false)
  })

  it("is refused an update that would do something else by now", async () => {
    const { planId } = plannedUpdate.parse((await post(PLAN, {})).body)
    work.plan({ services: ["web"] })
    expect((await post(APPLY, { planId })).code).toBe("PLAN_STALE")
  })

  it("is answered under whatever name its network has for this machine", async () => {
    const { port } = new URL(panel.listening.url)
    const headers = { ...signedHeaders({ token: TOKEN, method: "GET", path: STATUS, atMs: panel.nowMs() }), host: "holdfast.internal:8420" }
    const status = await new Promise<number>((done, failed) => {
      request({ host: "127.0.0.1", port, path: STATUS, headers }, (answer) => done(answer.resume().statusCode ?? 0))
        .on("error", failed)
        .end()
    })
    expect(status).toBe(200)
  })

  it("may ask often, but not without end", async () => {
    for (let index = 0; index < 120; index += 1) expect((await send()).status).toBe(200)
    expect(await send()).toMatchObject({ status: 429, code: "TOO_MANY_ATTEMPTS" })
    panel.advance(61_000)
    expect((await send()).status).toBe(200)
  })

  it("is in the audit log with what it changed", async () => {
    const owner = await panel.owner()
    const { planId } = plannedUpdate.parse((await post(PLAN, {})).body)
    await post(APPLY, { planId })
    await send({ token: "another token of no use" })
    const { entries } = await owner.read(auditPage, "/api/v1/audit")
    const told = entries.slice(0, 3).map(({ actor, action, app: of, subject, outcome }) => [actor, action, of, subject, outcome].join(" "))
    expect(told).toEqual([
      "unknown updater chat  refused",
      "app chat updater.apply chat 2.5.0 allowed",
      "app chat updater.plan chat 2.5.0 allowed",
    ])
    expect(entries[0]?.details).toEqual({ fault: "signature" })
    expect(JSON.stringify(entries)).not.toContain(TOKEN)
  })
})

const seconds = (ms: number): string => String(Math.floor(ms / 1000))

/** Each is refused with the very same answer; the reason stands in the audit log alone. */
const attacks: readonly (readonly [what: string, fault: string, attack: () => Promise<Answer>])[] = [
  ["no header at all", "headers", async () => await apiClient(panel.listening.url).raw("GET", STATUS, {})],
  ["no timestamp", "headers", async () => await send({ headers: { "x-holdfast-timestamp": undefined } })],
  ["no nonce", "headers", async () => await send({ headers: { "x-holdfast-nonce": undefined } })],
  ["no signature", "headers", async () => await send({ headers: { "x-holdfast-signature": undefined } })],
  [
    "another timestamp than was signed",
    "signature",
    async () => await send({ headers: { "x-holdfast-timestamp": seconds(panel.nowMs() + 5_000) } }),
  ],
  ["a timestamp that is none", "headers", async () => await send({ headers: { "x-holdfast-timestamp": "now" } })],
  ["a timestamp in milliseconds", "headers", async () => await send({ headers: { "x-holdfast-timestamp": String(panel.nowMs()) } })],
  ["another nonce than was signed", "signature", async () => await send({ headers: { "x-holdfast-nonce": "0123456789abcdef" } })],
  ["a nonce that is too short", "headers", async () => await send({ nonce: "0123456789abcde" })],
  ["a nonce that is too long", "headers", async () => await send({ nonce: "n".repeat(129) })],
  ["a nonce with a line feed's place taken by a comma", "headers", async () => await send({ nonce: "0123456789abcdef,0123456789abcdef" })],
  ["a signature in capitals", "headers", async () => await send({ headers: { "x-holdfast-signature": signature().toUpperCase() } })],
  ["a signature that is cut short", "headers", async () => await send({ headers: { "x-holdfast-signature": signature().slice(2) } })],
  ["a signature of nothing", "signature", async () => await send({ headers: { "x-holdfast-signature": "0".repeat(64) } })],
  ["301 seconds ago", "timestamp", async () => await send({ atMs: panel.nowMs() - 302_000 })],
  ["301 seconds ahead", "timestamp", async () => await send({ atMs: panel.nowMs() + 302_000 })],
  ["another method than was signed", "signature", async () => await send({ method: "POST", sent: { method: "GET" } })],
  [
    "a request for a plan that was signed for applying",
    "signature",
    async () => await send({ method: "POST", path: APPLY, body: "{}", sent: { path: PLAN } }),
  ],
  ["the path of another app", "signature", async () => await send({ sent: { path: "/api/v1/updater/notes/status" } })],
  ["a query that was not signed", "signature", async () => await send({ sent: { path: `${STATUS}?app=notes` } })],
  ["no query where one was signed", "signature", async () => await send({ path: `${STATUS}?x=1`, sent: { path: STATUS } })],
  [
    "another body than was signed",
    "signature",
    async () => await send({ method: "POST", path: PLAN, body: "{}", sent: { body: `{"to":"1.0.0"}` } }),
  ],
  ["a body where none was signed", "signature", async () => await send({ method: "POST", path: PLAN, sent: { body: "{}" } })],
  ["another app's token", "signature", async () => await send({ token: `${TOKEN}-of-notes` })],
  ["the token with its line break", "signature", async () => await send({ token: `${TOKEN}\n` })],
  [
    "an empty token for an app whose file is blank",
    "signature",
    async () => await send({ token: "", path: "/api/v1/updater/blank/status" }),
  ],
  [
    "a token that is too short, though it is the app's",
    "signature",
    async () => await send({ token: "fifteen-letters", path: "/api/v1/updater/short/status" }),
  ],
  ["an app whose token file is not there", "signature", async () => await send({ token: "", path: "/api/v1/updater/gone/status" })],
  ["an app without a token", "signature", async () => await send({ path: "/api/v1/updater/none/status" })],
  [
    "what stands in for a token that is not there",
    "signature",
    async () => await send({ token: "there is no token here", path: "/api/v1/updater/none/status" }),
  ],
  ["an app that does not exist", "signature", async () => await send({ path: "/api/v1/updater/nobody/status" })],
  ["Holdfast itself", "signature", async () => await send({ path: "/api/v1/updater/holdfast/status" })],
  [
    "an owner's session alone",
    "headers",
    async () => await apiClient(panel.listening.url).raw("GET", STATUS, { cookie: (await panel.owner()).cookie(), "x-holdfast": "1" }),
  ],
]

function signature(): string {
  const { "x-holdfast-signature": given = "" } = signedHeaders({ token: TOKEN, method: "GET", path: STATUS, atMs: panel.nowMs() })
  return given
}

describe("anything else", () => {
  it("is refused with one and the same answer, whatever is wrong", { timeout: 120_000 }, async () => {
    const answers = new Set<string>()
    const wrong: string[] = []
    const faults: string[] = []
    for (const [what, fault, attack] of attacks) {
      // Only its own failures shall count against it.
      panel.advance(QUARTER_MS)
      const answer = await attack()
      if (answer.status !== 401) wrong.push(`${what}: ${answer.status} ${answer.text}`)
      answers.add(answer.text)
      faults.push(fault)
    }
    expect(wrong).toEqual([])
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toContain("UPDATER_REQUEST_REFUSED")
    expect(work.asked).toEqual([])
    const owner = panel.stranger()
    await owner.signIn("ada", "correct horse battery")
    const refused = (await owner.read(auditPage, "/api/v1/audit?limit=500")).entries.filter(({ action }) => action === "updater")
    expect(refused.map(({ details }) => z.object({ fault: z.string() }).parse(details).fault).toReversed()).toEqual(faults)
  })

  it("is refused when it comes a second time, also after a restart", async () => {
    const signing = { token: TOKEN, method: "GET", path: STATUS, atMs: panel.nowMs(), nonce: "0123456789abcdef0123456789abcdef" }
    expect((await send(signing)).status).toBe(200)
    expect(await send(signing)).toMatchObject({ status: 401, code: "UPDATER_REQUEST_REFUSED" })
    // The same nonce of the same app signed anew is the same nonce; another app may have it as well.
    expect((await send({ ...signing, atMs: panel.nowMs() + 2_000 })).status).toBe(401)
    expect((await send({ ...signing, token: `${TOKEN}-of-notes`, path: "/api/v1/updater/notes/status" })).status).toBe(200)
    await panel.restart()
    expect(await send(signing)).toMatchObject({ status: 401, code: "UPDATER_REQUEST_REFUSED" })
    expect((await send()).status).toBe(200)
  })

  it("spends no nonce of the app's", async () => {
    const nonce = "0123456789abcdef0123456789abcdef"
    expect((await send({ token: "a token that is not the right one", nonce })).status).toBe(401)
    expect((await send({ nonce, atMs: panel.nowMs() - 302_000 })).status).toBe(401)
    expect((await send({ nonce })).status).toBe(200)
  })

  it("is soon asked to wait, and keeps nobody from signing in from the same address", async () => {
    const owner = await panel.owner()
    for (let index = 0; index < 10; index += 1) expect((await send({ token: "a token that is not the right one" })).status).toBe(401)
    const waiting = await send()
    expect(waiting).toMatchObject({ status: 429, code: "TOO_MANY_ATTEMPTS" })
    expect(Number(waiting.headers.get("retry-after"))).toBeGreaterThan(60)
    expect((await owner.signIn("ada", "correct horse battery")).status).toBe(200)
    panel.advance(QUARTER_MS)
    expect((await send()).status).toBe(200)
  })
})

describe("the signature", () => {
  it("is that of the example in the manual's words", () => {
    const text = signedText("get", STATUS, "1790000000", "0123456789abcdef", Buffer.from(""))
    expect(text).toBe(`GET\n${STATUS}\n1790000000\n0123456789abcdef\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`)
    expect(signatureOf(TOKEN, text)).toMatch(/^[0-9a-f]{64}$/)
  })

  it("can be made with curl and openssl, word for word as the manual shows", async () => {
    const page = await readFile(join(import.meta.dirname, "../../docs/manual/updates-from-your-app.md"), "utf8")
    const script = /```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? ""
    expect(script).toContain("openssl dgst -sha256 -hmac")
    const environment = { ...process.env, HOLDFAST: panel.listening.url, TOKEN_FILE: join(panel.directory, "updater_token") }
    // Each answer on a line of its own, so that both can be read.
    const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", script.replaceAll(/^(signed (?:GET|POST).*)$/gm, "$1; echo")], {
      env: environment,
    })
    const [status, plan] = stdout.trim().split("\n")
    expect(updaterStatus.parse(JSON.parse(status ?? "")).app).toBe("chat")
    expect(plannedUpdate.parse(JSON.parse(plan ?? "")).plan?.to.version).toBe("2.5.0")
  })
})
