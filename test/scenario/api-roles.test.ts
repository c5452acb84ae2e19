/** Role × route × app over real HTTP: every route has a line, and every line holds for every role. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isGranted, ROLES, type Grant } from "../../src/contract/api/roles.ts"
import { openAccounts } from "../../src/surface/http/account/account.ts"
import { createApplication } from "../../src/surface/http/application.ts"
import type { Ground } from "../../src/surface/http/ground.ts"
import { namesOf, placeOf } from "../../src/surface/http/guard/address.ts"
import { createInTurn } from "../../src/surface/http/in-turn.ts"
import { createLiveEvents } from "../../src/surface/http/live-events.ts"
import { createPlans } from "../../src/surface/http/plans.ts"
import { roleMatrix, type Line } from "../../src/surface/http/role-matrix.ts"
import { keyOf } from "../../src/surface/http/route/key.ts"
import { none, streamRoute } from "../../src/surface/http/route/route.ts"
import { allRoutes } from "../../src/surface/http/routes.ts"
import { createRunner } from "../../src/surface/service/runner.ts"
import { apiClient, type ApiClient } from "../fixture/api-client.ts"
import { testPanel, type TestPanel } from "../fixture/panel.ts"
import { z } from "zod"

let panel: TestPanel
let owner: ApiClient
let ground: Ground
const operations = { chat: "20260101t000000-aaaaaa", notes: "20260101t000000-bbbbbb" }

beforeAll(async () => {
  panel = await testPanel()
  owner = await panel.owner()
  ground = await groundOf(panel)
  const host = await panel.house.use.host()
  for (const [app, id] of Object.entries(operations)) {
    const startedAt = new Date()
    await panel.store.createOperation({ id, kind: "verify", app, holder: host.self("test"), plan: null, startedAt })
    await panel.store.finishOperation(id, { finishedAt: startedAt, outcome: "succeeded", errorCode: null, message: null, result: null })
  }
})

afterAll(async () => {
  ground.accounts.close()
  await panel.dispose()
})

/** For an application beside the one that listens, to look at its routes. */
async function groundOf({ house }: TestPanel): Promise<Ground> {
  return {
    house,
    runner: createRunner(house),
    accounts: await openAccounts(house, { origin: "http://127.0.0.1:8420", otherOrigins: [] }),
    updates: async () => await Promise.reject(new Error("updates are not part of this test")),
    plans: createPlans(house.clock),
    live: createLiveEvents(house),
    origin: "http://127.0.0.1:8420",
    seenTexts: new Map(),
    inTurn: createInTurn(),
    settingsProblem: () => null,
    metrics: async () => await Promise.resolve({ contentType: "text/plain", text: "" }),
  }
}

const routes = allRoutes("/nowhere")

describe("the role matrix", () => {
  it("has one line for each route that is served, and no other", () => {
    expect(routes.map(keyOf).toSorted()).toEqual(Object.keys(roleMatrix).toSorted())
    const place = placeOf({ listen: "127.0.0.1:8420", trustedProxies: [] })
    const doors = { place, secure: false, ...namesOf(place, 8420) }
    const application = createApplication(ground, routes, doors)
    const served = application.routes
      .filter(({ method, path }) => method !== "ALL" || path !== "/*")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
    const unlisted = served.filter((key) => roleMatrix[key] === undefined && key !== "ALL /api/*")
    expect(unlisted).toEqual([])
  })

  it("is what a route without a line is refused by", () => {
    const stray = streamRoute({
      method: "GET",
      path: "/api/v1/stray",
      summary: "",
      query: none,
      body: none,
      handle: async () => await Promise.resolve(new Response()),
    })
    const place = placeOf({ listen: "127.0.0.1:8420", trustedProxies: [] })
    expect(() => createApplication(ground, [...routes, stray], { place, secure: false, ...namesOf(place, 8420) })).toThrow(
      "GET /api/v1/stray has no line in the role matrix",
    )
  })
})

const served = routes.filter((one) => one.path.startsWith("/api/v1/") && !one.path.endsWith("/events"))

const callers: readonly { readonly name: string; readonly grants: readonly Grant[] | null }[] = [
  { name: "nobody", grants: null },
  ...ROLES.map((role) => ({ name: `${role} of all apps`, grants: [{ role, apps: null }] })),
  ...ROLES.filter((role) => role !== "owner").map((role) => ({ name: `${role} of chat`, grants: [{ role, apps: ["chat"] }] })),
]

describe("each role, on each route, for each app", () => {
  for (const caller of callers) {
    it(`lets in ${caller.name} where its line says so, and nowhere else`, { timeout: 120_000 }, async () => {
      const client = caller.grants === null ? panel.stranger() : await clientFor(caller.grants)
      const wrong: string[] = []
      for (const one of served) {
        for (const app of ["chat", "notes"] as const) {
          const line = roleMatrix[keyOf(one)]
          if (line === undefined) continue
          const path = one.path
            .replace("{app}", app)
            .replace("{operation}", operations[app])
            .replaceAll(/\{\w+\}/g, "nothing-of-this-name")
          const answer = one.method === "GET" ? await client.get(path) : await client.send(one.method, path, { broken: true })
          const letIn = !TURNED_AWAY.has(answer.code ?? "")
          if (letIn !== mayEnter(line, caller.grants, app)) wrong.push(`${keyOf(one)} for ${app}: ${answer.status} ${answer.code ?? ""}`)
        }
      }
      expect(wrong).toEqual([])
    })
  }
})

/** The last two by routes that want a signature: who has none is soon asked to wait. */
const TURNED_AWAY = new Set(["SIGN_IN_NEEDED", "ROLE_MISSING", "UPDATER_REQUEST_REFUSED", "TOO_MANY_ATTEMPTS"])

/** A key that needs no second factor, so that roles alone decide. */
async function clientFor(grants: readonly Grant[]): Promise<ApiClient> {
  const made = await owner.send("POST", "/api/v1/api-keys", { name: "matrix", grants, unattended: true })
  return apiClient(panel.listening.url, { key: z.object({ key: z.string() }).parse(made.body).key })
}

/** Written down here once more, so that a change of the guard shows. */
function mayEnter(line: Line, grants: readonly Grant[] | null, app: string): boolean {
  if (line.who === "anyone") return true
  // No role and no key stands in for the app's signature.
  if (grants === null || line.who === "signed-app") return false
  if (line.who === "signed-in") return true
  if (line.of === "all") return isGranted(grants, line.who, null)
  if (line.of === "some") return ["chat", "notes"].some((one) => isGranted(grants, line.who === "owner" ? "owner" : line.who, one))
  return isGranted(grants, line.who, app)
}
