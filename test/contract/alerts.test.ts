/** The alert rules of the manual, judged by Prometheus's own tool. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { metricsText } from "../../src/surface/http/metrics.ts"
import { tryCommand } from "../fixture/docker/command.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { ALERTS_FILE } from "../fixture/prometheus/server.ts"
import { newDirectory } from "../fixture/tmp.ts"

const CASES = join(import.meta.dirname, "alerts.test.yml")
const rules = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string() })) })) })
const cases = z.object({
  tests: z.array(z.object({ alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })) })),
})

/** The cases as they are, or with the rules changed first. */
async function judged(change: (text: string) => string = (text) => text): Promise<{ readonly exitCode: number; readonly said: string }> {
  const directory = await newDirectory("alerts")
  await writeFile(join(directory, "alerts.yml"), change(await readFile(ALERTS_FILE, "utf8")))
  await writeFile(join(directory, "cases.yml"), (await readFile(CASES, "utf8")).replace("RULES", "alerts.yml"))
  const { exitCode, stdout, stderr } = await tryCommand(["promtool", "test", "rules", join(directory, "cases.yml")])
  return { exitCode, said: stdout + stderr }
}

describeNeeding("prometheus")("the alert rules of the manual", () => {
  it("are well formed", async () => {
    const { exitCode, stdout } = await tryCommand(["promtool", "check", "rules", ALERTS_FILE])
    expect(exitCode).toBe(0)
    expect(stdout).toContain("SUCCESS: 8 rules found")
  })

  it("speak when they should, with words that name what is meant, and not a minute too early", async () => {
    const { exitCode, said } = await judged()
    expect(exitCode, said).toBe(0)
  })

  it("are each asked once when they speak and once when they do not", async () => {
    const names = rules.parse(parse(await readFile(ALERTS_FILE, "utf8"))).groups.flatMap((group) => group.rules.map(({ alert }) => alert))
    const asked = cases.parse(parse(await readFile(CASES, "utf8"))).tests.flatMap((one) => one.alert_rule_test)
    for (const name of names) {
      const of = asked.filter(({ alertname }) => alertname === name)
      expect(
        of.some(({ exp_alerts: expected }) => expected.length > 0),
        name,
      ).toBe(true)
      expect(
        of.some(({ exp_alerts: expected }) => expected.length === 0),
        name,
      ).toBe(true)
    }
  })

  it("are found out when one of them is changed", async () => {
    const { exitCode, said } = await judged((text) => text.replace("holdfast_receiver_failures > 1", "holdfast_receiver_failures > 0"))
    expect(exitCode, said).toBe(1)
    expect(said).toContain("HoldfastMessagesDoNotArrive")
  })
})

describeNeeding("prometheus")("the text of the metrics", () => {
  it("has nothing against it by Prometheus's own rules", async () => {
    const text = await metricsText([{ name: "holdfast_disk_used_ratio", labels: { path: '/srv/ "odd"\n' }, value: 0.5 }])
    const { exitCode, stderr } = await tryCommand(["promtool", "check", "metrics"], { input: text })
    expect(stderr).toBe("")
    expect(exitCode).toBe(0)
  })
})
