/** The doors of the HTTP surface, over real HTTP: first run, signing in, second factor, forgery, hosts, limits, keys, sessions, audit. */
import { DatabaseSync } from "node:sqlite"
import { statSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { z } from "zod"
import { auditPage, usersPage } from "../../src/contract/api/accounts.ts"
import { schedulesPage } from "../../src/contract/api/schedules.ts"
import { me } from "../../src/contract/api/session.ts"
import { codeAt, type ApiClient } from "../fixture/api-client.ts"
import { PASSWORD, testPanel, type TestPanel } from "../fixture/panel.ts"

let panel: TestPanel

beforeEach(async () => {
  panel = await testPanel()
})

afterEach(async () => await panel.dispose())

const enabled = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) })
const HALF_MINUTE_MS = 30_000

async function withSecondFactor(client: ApiClient): Promise<string> {
  const begun = await client.send("POST", "/api/auth/two-factor/enable", { password: PASSWORD })
  const { totpURI } = enabled.parse(begun.body)
  expect((await client.send("POST", "/api/auth/two-factor/verify-totp", { code: codeAt(totpURI, Date.now()) })).status).toBe(200)
  return totpURI
}

describe("the first run", () => {
  it("makes the first account with the token of the host, once, and nothing else without it", async () => {
    const stranger = panel.stranger()
    const account = { username: "ada", name: "Ada", password: PASSWORD }
    expect((await stranger.get("/api/v1/setup")).body).toEqual({ needed: true })
    expect(await stranger.send("POST", "/api/v1/setup", { ...account, token: "guess" })).toMatchObject({
      status: 401,
      code: "SIGN_IN_FAILED",
    })
    const token = panel.listening.firstRunToken ?? ""
    expect(statSync(join(panel.directory, "first-run-token")).mode & 0o777).toBe(0o600)
    expect((await stranger.send("POST", "/api/v1/setup", { ...account, token })).status).toBe(201)
    expect((await stranger.get("/api/v1/setup")).body).toEqual({ needed: false })
    expect(await stranger.send("POST", "/api/v1/setup", { ...account, username: "eve", token })).toMatchObject({
      status: 409,
      code: "SETUP_CLOSED",
    })
    expect(statSync(join(panel.directory, "accounts.sqlite")).mode & 0o777).toBe(0o600)
  })

  it("lets nobody sign up by the routes of better-auth", async () => {
    const stranger = panel.stranger()
    const body = { email: "eve@example.com", name: "Eve", password: PASSWORD, username: "eve" }
    expect((await stranger.send("POST", "/api/auth/sign-up/email", body)).status).toBe(404)
  })
})

describe("signing in", () => {
  it("gives a cookie that no script can read, and no token in the answer", async () => {
    const owner = await panel.owner()
    const again = panel.stranger()
    const answer = await again.signIn("ada", PASSWORD)
    expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict/)
    expect(answer.text).not.toContain("token")
    expect(again.cookie()).not.toBe(owner.cookie())
    expect((await again.read(me, "/api/v1/me")).username).toBe("ada")
    await again.send("POST", "/api/auth/sign-out", {})
    expect((await panel.stranger().raw("GET", "/api/v1/me", { cookie: again.cookie() })).code).toBe("SIGN_IN_NEEDED")
  })

  it("asks for the second factor, takes each code once, and offers no trusted device", async () => {
    const owner = await panel.owner()
    const uri = await withSecondFactor(owner)
    const again = panel.stranger()
    expect((await again.signIn("ada", PASSWORD)).body).toMatchObject({ twoFactorRedirect: true })
    expect((await again.get("/api/v1/me")).code).toBe("SIGN_IN_NEEDED")
    const used = codeAt(uri, Date.now())
    expect(await again.send("POST", "/api/auth/two-factor/verify-totp", { code: used, trustDevice: true })).toMatchObject({ status: 401 })
    expect((await again.get("/api/v1/me")).code).toBe("SIGN_IN_NEEDED")
    const next = codeAt(uri, Date.now() + HALF_MINUTE_MS)
    await again.signIn("ada", PASSWORD)
    expect((await again.send("POST", "/api/auth/two-factor/verify-totp", { code: next, trustDevice: true })).status).toBe(200)
    expect(again.cookie()).not.toContain("trust")
    expect((await again.read(me, "/api/v1/me")).twoFactor).toBe(true)
  })

  it("limits failures by where they come from, and locks no account", async () => {
    await panel.dispose()
    panel = await testPanel({ panel: { trustedProxies: ["127.0.0.1"] } })
    await panel.owner()
    const guess = async (from: string, password: string) =>
      await panel.stranger().send("POST", "/api/auth/sign-in/username", { username: "ada", password }, { "x-forwarded-for": from })
    for (let index = 0; index < 10; index += 1) expect((await guess("203.0.113.9", "not the password")).code).toBe("SIGN_IN_FAILED")
    const blocked = await guess("203.0.113.9", PASSWORD)
    expect(blocked).toMatchObject({ status: 429, code: "TOO_MANY_ATTEMPTS" })
    expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(60)
    expect((await guess("198.51.100.7", PASSWORD)).status).toBe(200)
    panel.advance(16 * 60_000)
    expect((await guess("203.0.113.9", PASSWORD)).status).toBe(200)
  })
})

describe("forgeries", () => {
  it("are refused: no header, a foreign origin, another site, a form", async () => {
    const owner = await panel.owner()
    const cookie = owner.cookie()
    const body = JSON.stringify({ cron: "0 3 * * *" })
    const json = { cookie, "content-type": "application/json" }
    const send = async (headers: Record<string, string>) => await owner.raw("POST", "/api/v1/schedule-preview", headers, body)
    expect(await send(json)).toMatchObject({ status: 403, code: "REQUEST_REFUSED" })
    expect((await send({ ...json, "x-holdfast": "1", origin: "https://evil.example" })).code).toBe("REQUEST_REFUSED")
    expect((await send({ ...json, "x-holdfast": "1", "sec-fetch-site": "cross-site" })).code).toBe("REQUEST_REFUSED")
    expect((await send({ cookie, "x-holdfast": "1", "content-type": "text/plain" })).code).toBe("REQUEST_INVALID")
    expect((await send({ ...json, "x-holdfast": "1", origin: panel.listening.url })).status).toBe(200)
  })

  it("by a name that was bound to our address are refused, whatever a stranger's proxy headers say", async () => {
    const { connect } = await import("node:net")
    const { port } = new URL(panel.listening.url)
    const ask = async (head: string): Promise<string> =>
      await new Promise((done) => {
        let said = ""
        const socket = connect(Number(port), "127.0.0.1", () =>
          socket.write(`GET /api/v1/setup HTTP/1.1\r\n${head}Connection: close\r\n\r\n`),
        )
        socket.on("data", (chunk) => {
          said += chunk.toString("latin1")
        })
        socket.on("close", () => done(said))
      })
    expect(await ask(`Host: evil.example\r\n`)).toContain("REQUEST_REFUSED")
    expect(await ask(`Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1:${port}\r\n`)).toContain("REQUEST_REFUSED")
    expect(await ask(`Host: localhost:${port}\r\n`)).toContain(`{"needed":true}`)
  })
})

describe("a fresh second factor", () => {
  it("is needed for what cannot be taken back, lasts five minutes, and can be shown again", async () => {
    const owner = await panel.owner()
    const uri = await withSecondFactor(owner)
    const bob = { username: "bob", name: "Bob", password: PASSWORD, grants: [{ role: "viewer", apps: null }] }
    panel.advance(5 * 60_000 + 1000)
    expect(await owner.send("POST", "/api/v1/users", bob)).toMatchObject({ status: 403, code: "SECOND_FACTOR_NEEDED" })
    expect((await owner.send("POST", "/api/v1/me/confirm", { password: PASSWORD })).code).toBe("SIGN_IN_FAILED")
    expect((await owner.send("POST", "/api/v1/me/confirm", { code: codeAt(uri, Date.now() + HALF_MINUTE_MS) })).status).toBe(200)
    expect((await owner.send("POST", "/api/v1/users", bob)).status).toBe(201)
  })
})

describe("accounts", () => {
  it("lose their sessions at once when they may do less, get another password, or are disabled", async () => {
    const owner = await panel.owner()
    const grants = [{ role: "restore", apps: ["chat"] }]
    await owner.send("POST", "/api/v1/users", { username: "bob", name: "Bob", password: PASSWORD, grants })
    const changes = [{ grants: [{ role: "viewer", apps: ["chat"] }] }, { password: "another long password" }, { disabled: true }]
    const passwords = [PASSWORD, PASSWORD, "another long password"]
    for (const [index, change] of changes.entries()) {
      const bob = panel.stranger()
      expect((await bob.signIn("bob", passwords[index] ?? "")).status).toBe(200)
      expect((await bob.get("/api/v1/me")).status).toBe(200)
      expect((await owner.send("PATCH", "/api/v1/users/bob", change)).status).toBe(200)
      expect((await bob.get("/api/v1/me")).code).toBe("SIGN_IN_NEEDED")
    }
    expect((await panel.stranger().signIn("bob", "another long password")).code).toBe("SIGN_IN_FAILED")
  })

  it("cannot give themselves a role, and the last owner stays one", async () => {
    const owner = await panel.owner()
    await owner.send("POST", "/api/v1/users", {
      username: "bob",
      name: "Bob",
      password: PASSWORD,
      grants: [{ role: "viewer", apps: null }],
    })
    const bob = panel.stranger()
    await bob.signIn("bob", PASSWORD)
    expect((await bob.send("PATCH", "/api/v1/users/bob", { grants: [{ role: "owner", apps: null }] })).code).toBe("ROLE_MISSING")
    expect((await bob.send("POST", "/api/auth/update-user", { role: "owner", grants: [] })).status).toBe(404)
    expect((await bob.read(me, "/api/v1/me")).grants).toEqual([{ role: "viewer", apps: null }])
    expect((await owner.send("PATCH", "/api/v1/users/ada", { grants: [{ role: "viewer", apps: null }] })).code).toBe("LAST_OWNER")
    expect((await owner.send("DELETE", "/api/v1/users/ada")).code).toBe("LAST_OWNER")
    const { users } = await owner.read(usersPage, "/api/v1/users")
    expect(users.map(({ username }) => username)).toEqual(["ada", "bob"])
  })
})

describe("API keys", () => {
  it("act as they are granted, are kept as digests, and end at once when they are revoked", async () => {
    const { apiClient } = await import("../fixture/api-client.ts")
    const owner = await panel.owner()
    const made = await owner.send("POST", "/api/v1/api-keys", { name: "ci", grants: [{ role: "viewer", apps: ["chat"] }] })
    const { key, apiKey } = z.object({ key: z.string(), apiKey: z.object({ id: z.string() }) }).parse(made.body)
    const program = apiClient(panel.listening.url, { key })
    expect((await program.read(me, "/api/v1/me")).apps).toEqual(["chat"])
    expect((await program.get("/api/v1/apps/chat")).status).toBe(200)
    expect((await program.get("/api/v1/apps/notes")).code).toBe("ROLE_MISSING")
    expect((await program.send("POST", "/api/v1/me/confirm", { password: PASSWORD })).code).toBe("REQUEST_INVALID")
    const database = new DatabaseSync(join(panel.directory, "accounts.sqlite"), { readOnly: true })
    expect(JSON.stringify(database.prepare("SELECT * FROM api_key").all())).not.toContain(key)
    database.close()
    await owner.send("DELETE", `/api/v1/api-keys/${apiKey.id}`)
    expect((await program.get("/api/v1/me")).code).toBe("SIGN_IN_NEEDED")
  })

  it("do what needs a second factor only when they were made for it", async () => {
    const { apiClient } = await import("../fixture/api-client.ts")
    const owner = await panel.owner()
    const make = async (unattended: boolean): Promise<ApiClient> => {
      const made = await owner.send("POST", "/api/v1/api-keys", { name: "k", grants: [{ role: "owner", apps: null }], unattended })
      return apiClient(panel.listening.url, { key: z.object({ key: z.string() }).parse(made.body).key })
    }
    const bob = { username: "bob", name: "Bob", password: PASSWORD, grants: [{ role: "viewer", apps: null }] }
    expect((await (await make(false)).send("POST", "/api/v1/users", bob)).code).toBe("ROLE_MISSING")
    expect((await (await make(true)).send("POST", "/api/v1/users", bob)).status).toBe(201)
  })
})

describe("the audit log", () => {
  it("tells who did what from where, and shows that an entry was changed, taken out, or cut off its end", async () => {
    const owner = await panel.owner()
    await owner.send("POST", "/api/v1/users", {
      username: "bob",
      name: "Bob",
      password: PASSWORD,
      grants: [{ role: "viewer", apps: null }],
    })
    await panel.stranger().signIn("ada", "not the password")
    const whole = await owner.read(auditPage, "/api/v1/audit")
    expect(whole.intact).toBe(true)
    expect(whole.entries.map(({ actor, action, outcome }) => `${actor} ${action} ${outcome}`)).toEqual([
      "ada sign-in/username failed",
      "ada user.add allowed",
      "ada sign-in/username allowed",
      "unknown setup allowed",
    ])
    expect(JSON.stringify(whole)).not.toContain(PASSWORD)
    const tamper = (sql: string): void => {
      const database = new DatabaseSync(join(panel.directory, "accounts.sqlite"))
      database.exec(sql)
      database.close()
    }
    expect(() => tamper("UPDATE audit SET actor = 'eve' WHERE sequence = 3")).toThrow(/only added to/)
    tamper("DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays; DELETE FROM audit WHERE sequence = 4")
    expect(await owner.read(auditPage, "/api/v1/audit")).toMatchObject({ intact: false, brokenAt: 4 })
    tamper("UPDATE audit SET actor = 'eve' WHERE sequence = 3")
    expect(await owner.read(auditPage, "/api/v1/audit")).toMatchObject({ intact: false, brokenAt: 3 })
  })
})

describe("two edits of the settings at once", () => {
  it("are one edit and one refusal, with what the other changed", async () => {
    const owner = await panel.owner()
    const { file } = await owner.read(schedulesPage, "/api/v1/apps/chat/schedules")
    const put = async (cron: string) =>
      await owner.send("PUT", "/api/v1/apps/chat/schedules/nightly", { kind: "backup", cron }, { "if-match": `"${file.digest ?? ""}"` })
    const answers = await Promise.all(["10 1 * * *", "20 2 * * *"].map(put))
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["200", "409"])
    const refused = answers.find(({ status }) => status === 409)
    expect(refused?.text).toContain('-       nightly: { cron: \\"0 3 * * *\\"')
    expect(await panel.settings()).toContain("# never at noon")
  })
})

describe("who is told of a schedule", () => {
  const path = "/api/v1/apps/chat/schedules/nightly"
  const put = async (client: ApiClient, body: object) => {
    const { file } = await client.read(schedulesPage, "/api/v1/apps/chat/schedules")
    return await client.send("PUT", path, { kind: "backup", cron: "0 3 * * *", ...body }, { "if-match": `"${file.digest ?? ""}"` })
  }
  const told = async (client: ApiClient) => (await client.read(schedulesPage, "/api/v1/apps/chat/schedules")).schedules[0]?.notify

  it("is written into the file by an owner, whose comments stay, and taken out again", async () => {
    const owner = await panel.owner()
    const before = await panel.settings()
    const notify = {
      emails: "a@example.com; b@example.com",
      webhooks: ["https://hooks.example.com/x"],
      ntfy: [],
      ping: null,
      onSuccess: true,
    }
    expect((await put(owner, { notify })).status).toBe(200)
    expect(await told(owner)).toEqual({ ...notify, emails: ["a@example.com", "b@example.com"] })
    expect(await panel.settings()).toContain("# never at noon")
    const wrong = await put(owner, { notify: { ...notify, webhooks: ["not an address"] } })
    expect(wrong).toMatchObject({ status: 422, code: "SETTINGS_INVALID" })
    expect((await put(owner, { notify: null })).status).toBe(200)
    expect(await panel.settings()).toBe(before)
  })

  it("is neither shown to nor changed by whoever may only manage backups, and stays when he edits the rest", async () => {
    const owner = await panel.owner()
    const notify = { emails: [], webhooks: ["https://hooks.example.com/canary"], ntfy: [], ping: null, onSuccess: false }
    await put(owner, { notify })
    const grants = [{ role: "backup.manage", apps: ["chat"] }]
    await owner.send("POST", "/api/v1/users", { username: "bob", name: "Bob", password: PASSWORD, grants })
    const bob = panel.stranger()
    await bob.signIn("bob", PASSWORD)
    expect(await told(bob)).toBeNull()
    expect((await put(bob, { notify: null })).code).toBe("ROLE_MISSING")
    expect((await put(bob, { enabled: false })).status).toBe(200)
    // What somebody else changed meanwhile may stand anywhere in the file.
    const { digest } = (await bob.read(schedulesPage, "/api/v1/apps/chat/schedules")).file
    await put(owner, { notify: { ...notify, webhooks: ["https://hooks.example.com/canary-2"] } })
    const late = await bob.send("PUT", path, { kind: "backup", cron: "0 4 * * *" }, { "if-match": `"${digest ?? ""}"` })
    expect(late.code).toBe("SETTINGS_CHANGED")
    expect(bob.heard()).not.toContain("canary")
    expect((await told(owner))?.webhooks).toEqual(["https://hooks.example.com/canary-2"])
  })
})
