import { applyInit, planInit } from "../../../app/init.ts"
import type { InitOutput } from "../../../contract/output-host.ts"
import type { CommandRun } from "../command-spec.ts"
import { lookingContext } from "../../house/subject.ts"

/** `holdfast init` */
export const run: CommandRun = async (house, input) => {
  const request = {
    compose: input.text("compose"),
    recipe: input.text("recipe"),
    name: input.text("name"),
    cwd: house.cwd,
    environment: house.environment,
    file: house.options.config,
    vaultPath: input.text("vault-path"),
  }
  const [containers, databases, recipes] = await Promise.all([house.use.containers(), house.use.databases(), house.recipes()])
  const tools = { containers, databases, recipes }
  const plan = await planInit(request, tools, lookingContext(house))
  const written = !input.flag("plan")
  if (written) await applyInit(plan, { force: input.flag("force") })
  const document: InitOutput = { format: "holdfast.init", version: 1, file: plan.file, written, report: [...plan.report], text: plan.text }
  const next = written
    ? [`wrote ${plan.file}; read it, then run \`holdfast backup\``]
    : ["", ...plan.text.trimEnd().split("\n"), "", `nothing was written; without --plan this becomes ${plan.file}`]
  return { document, lines: [...plan.report, ...next] }
}
