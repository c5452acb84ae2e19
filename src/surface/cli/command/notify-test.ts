import type { NotifyTestOutput } from "../../../contract/output-notify.ts"
import { appNames } from "../../house/names.ts"
import { sendTestMessages, type TestResult } from "../../service/notify-test.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"

/** `holdfast notify test` */
export const run: CommandRun = async (house, input) => {
  const settings = await house.settings()
  const app = input.text("app")
  if (app !== null) appNames(settings, app)
  const results = await sendTestMessages(house, settings, app)
  const document: NotifyTestOutput = { format: "holdfast.notify-test", version: 1, results: results.map((result) => ({ ...result })) }
  const all = results.length > 0 && results.every(({ sent }) => sent)
  return { document, lines: linesOf(results), exitCode: all ? EXIT.done : EXIT.partial }
}

function linesOf(results: readonly TestResult[]): readonly string[] {
  if (results.length === 0) return ["nobody is told of anything: name them under `notify.always` in the settings"]
  return results.map(({ name, sent, why }) => (sent ? `sent    ${name}` : `FAILED  ${name}: ${why ?? ""}`))
}
