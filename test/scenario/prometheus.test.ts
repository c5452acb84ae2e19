/** A real Prometheus, set up as the manual says, at a real service: it reads every series, and knows every rule and every panel of ours. */
import { readFileSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { z } from "zod"
import { metricTable } from "../../src/surface/http/metric-table.ts"
import { apiClient, type ApiClient } from "../fixture/api-client.ts"
import { freePort } from "../fixture/free-port.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { startPrometheus, type TestPrometheus } from "../fixture/prometheus/server.ts"
import type { StartedCli } from "./cli.ts"
import { smallWorld, type SmallWorld } from "./small-world.ts"

const MINUTES_MS = 60_000
const PASSWORD = "correct horse battery"
const dashboardFile = join(import.meta.dirname, "../../docs/manual/monitoring/grafana-dashboard.json")
const dashboardSchema = z.object({ panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })) })

let world: SmallWorld
let service: StartedCli
let prometheus: TestPrometheus

beforeAll(async () => {
  world = await smallWorld()
  const address = `127.0.0.1:${await freePort()}`
  const file = join(world.directory, "holdfast.yaml")
  const notes = `    schedules: { often: { cron: "* * * * *" } }\n    objectives: { exposure: 1s, recoveryTime: 10m }\n`
  const notify = `notify: { always: { webhooks: ["http://127.0.0.1:9/nobody"] } }\n`
  await writeFile(file, `${await readFile(file, "utf8")}${notes}${notify}panel: { listen: "${address}" }\n`)
  await world.backup("notes")
  const drilled = await world.cli.run("drill", "notes")
  expect(drilled.exitCode, drilled.stderr).toBe(0)
  service = world.cli.start("serve")
  await vi.waitFor(() => expect(service.said()).toContain("with the token"), { timeout: MINUTES_MS })
  const owner = await signedIn(`http://${address}`)
  const made = await owner.send("POST", "/api/v1/api-keys", { name: "prometheus", grants: [{ role: "viewer", apps: null }] })
  prometheus = await startPrometheus(address, z.object({ key: z.string() }).parse(made.body).key)
}, 4 * MINUTES_MS)

afterAll(async () => {
  await prometheus.stop()
  service.kill("SIGTERM")
  await service.done
  await world.dispose()
})

async function signedIn(url: string): Promise<ApiClient> {
  const token = /with the token (\w+)/.exec(service.said())?.[1]
  const owner = apiClient(url)
  expect((await owner.send("POST", "/api/v1/setup", { token, username: "ada", name: "Ada", password: PASSWORD })).status).toBe(201)
  expect((await owner.signIn("ada", PASSWORD)).status).toBe(200)
  return owner
}

/** What Grafana asks when "All" is chosen. */
function panelQueries(): readonly { readonly title: string; readonly expr: string }[] {
  const { panels } = dashboardSchema.parse(JSON.parse(readFileSync(dashboardFile, "utf8")))
  return panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr: expr.replaceAll("$app", ".*") })))
}

describeNeeding(
  "restic",
  "postgres",
  "prometheus",
)("Prometheus at the service", () => {
  it("reads every documented series with an API key for looking", { timeout: 4 * MINUTES_MS }, async () => {
    await vi.waitFor(async () => expect(await prometheus.target()).toEqual({ health: "up", lastError: "" }), { timeout: MINUTES_MS })
    // Within a minute a slot is due and the watch has gone round: then there is nothing that has no value yet.
    await vi.waitFor(
      async () => {
        const names = new Set(await prometheus.seriesNames())
        expect(Object.keys(metricTable).filter((name) => !names.has(name))).toEqual([])
      },
      { timeout: 3 * MINUTES_MS, interval: 1000 },
    )
    expect((await prometheus.query('holdfast_app_protected{app="chat"}')).map(({ value }) => value[1])).toEqual(["0"])
  })

  it("can evaluate every rule and every panel, and each panel shows something", { timeout: 2 * MINUTES_MS }, async () => {
    await vi.waitFor(
      async () => {
        const rules = await prometheus.rules()
        expect(rules.length).toBeGreaterThan(5)
        expect(new Set(rules.map(({ health }) => health))).toEqual(new Set(["ok"]))
      },
      { timeout: MINUTES_MS },
    )
    for (const { title, expr } of panelQueries()) expect((await prometheus.query(expr)).length, `${title}: ${expr}`).toBeGreaterThan(0)
  })

  it("notices when the service is gone", { timeout: 2 * MINUTES_MS }, async () => {
    service.kill("SIGTERM")
    await service.done
    await vi.waitFor(
      async () => {
        const down = (await prometheus.rules()).find(({ name }) => name === "HoldfastDown")
        expect(down?.state).toBe("pending")
      },
      { timeout: MINUTES_MS },
    )
  })
})
