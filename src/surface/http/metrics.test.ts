import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { metricTable } from "./metric-table.ts"
import { metricsText } from "./metrics.ts"

const manual = join(import.meta.dirname, "../../../docs/manual")
const read = (file: string): string => readFileSync(join(manual, file), "utf8")
const namesIn = (text: string): ReadonlySet<string> => new Set(text.match(/\bholdfast_[a-z_]+\b/g) ?? [])
const exported = new Set(Object.keys(metricTable))

const dashboardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
})
const rulesSchema = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string(), annotations: z.record(z.string(), z.string()) })) }),
  ),
})

describe("metrics", () => {
  test("are text for Prometheus; what was not measured is left out", async () => {
    const text = await metricsText([
      { name: "holdfast_app_protected", labels: { app: "chat" }, value: 1 },
      { name: "holdfast_app_protected", labels: { app: 'we"ave\n' }, value: 0 },
      { name: "holdfast_exposure_seconds", labels: { app: "chat" }, value: null },
      { name: "holdfast_last_success_timestamp_seconds", labels: { app: "chat", schedule: "schedules.nightly" }, value: 1_776_000_000.5 },
      { name: "holdfast_operations_running", labels: {}, value: 0 },
    ])
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    expect(lines).toEqual([
      'holdfast_app_protected{app="chat"} 1',
      'holdfast_app_protected{app="we\\"ave\\n"} 0',
      'holdfast_last_success_timestamp_seconds{app="chat",schedule="schedules.nightly"} 1776000000.5',
      "holdfast_operations_running 0",
    ])
    expect(text).toContain(
      "# HELP holdfast_app_protected 1 when the app is protected by proof, 0 when it is not.\n# TYPE holdfast_app_protected gauge",
    )
    expect(text).not.toMatch(/^holdfast_settings_valid/m)
  })

  test("with labels that are not in the table are refused", async () => {
    await expect(metricsText([{ name: "holdfast_points", labels: { app: "chat", secret: "x" }, value: 1 }])).rejects.toThrow(/secret/)
  })

  test("have names and labels as Prometheus wants them", () => {
    for (const [name, { help, labels }] of Object.entries(metricTable)) {
      expect(name).toMatch(/^holdfast_[a-z]+(_[a-z]+)*$/)
      expect(help).toMatch(/^[A-Z1].*\.$/)
      for (const label of labels) expect(label).toMatch(/^[a-z]+$/)
    }
  })
})

describe("what is shipped for monitoring", () => {
  const dashboard = dashboardSchema.parse(JSON.parse(read("monitoring/grafana-dashboard.json")))
  const rules = rulesSchema.parse(parse(read("monitoring/alerts.yml"))).groups.flatMap((group) => group.rules)
  const expressions = [...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...rules.map(({ expr }) => expr)]

  test("asks only for names and labels that are exported", () => {
    for (const expr of expressions) {
      for (const name of namesIn(expr)) expect(exported, expr).toContain(name)
      for (const [, name = "", selector = ""] of expr.matchAll(/(holdfast_[a-z_]+)\{([^}]*)\}/g)) {
        const labels: readonly string[] = Object.entries(metricTable).find(([known]) => known === name)?.[1].labels ?? []
        for (const [, label = ""] of selector.matchAll(/([a-z]+)\s*[=!]/g)) expect(labels, expr).toContain(label)
      }
    }
    expect(namesIn(read("monitoring/grafana-dashboard.json")).difference(exported)).toEqual(new Set())
    expect(namesIn(read("monitoring/alerts.yml")).difference(exported)).toEqual(new Set())
  })

  test("speaks of labels that the series has", () => {
    for (const { expr, annotations } of rules) {
      const labels = new Set<string>(Object.entries(metricTable).flatMap(([name, row]) => (namesIn(expr).has(name) ? row.labels : [])))
      for (const text of Object.values(annotations)) {
        for (const [, label = ""] of text.matchAll(/\$labels\.([a-z]+)/g)) expect(labels, expr).toContain(label)
      }
    }
  })

  test("shows every series on the dashboard or in a rule, and is described on the manual's page", () => {
    const page = read("monitoring.md")
    const used = new Set(expressions.flatMap((expr) => [...namesIn(expr)]))
    const elsewhere = new Set(["holdfast_settings_valid", "holdfast_newest_point_timestamp_seconds", "holdfast_operations_running"])
    elsewhere.add("holdfast_vault_key_proven_timestamp_seconds")
    expect(exported.difference(used).difference(elsewhere)).toEqual(new Set())
    for (const [name, { help, labels }] of Object.entries(metricTable)) {
      expect(page).toContain(`| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`)
    }
    expect(namesIn(page).difference(exported)).toEqual(new Set())
  })
})
