import { dirname } from "node:path"
import { applyRegenerate, planRegenerate, type RegeneratePlan } from "../../../app/secret-regenerate.ts"
import type { SecretOutput } from "../../../contract/output-posture.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import { declaredApp, lookingContext } from "../../house/subject.ts"

/** `holdfast secret regenerate` */
export const run: CommandRun = async (house, input) => {
  const { settings, declared } = await declaredApp(house, input.required("app"))
  const project = declared.compose?.projectDirectory
  const roots = [...(project === undefined ? [] : [project]), ...declared.secrets.map((path) => dirname(path)), settings.directory]
  const plan = planRegenerate(declared, input.required("secret"), roots, house.clock.now())
  const document = (applied: boolean, kept: readonly string[]): SecretOutput => ({
    format: "holdfast.secret",
    version: 1,
    app: declared.name,
    secret: plan.name,
    applied,
    files: [...plan.files],
    kept: [...kept],
    lossMeans: plan.lossMeans,
    notice: plan.notice,
  })
  if (input.flag("plan")) return { document: document(false, []), lines: planLines(plan) }
  await confirm(house, { plan: planLines(plan), question: `Make ${plan.name} of ${declared.name} anew?`, given: input.flag("yes") })
  const made = await applyRegenerate(plan, await house.use.commands(), lookingContext(house))
  const lines = [
    ...made.written.map((file) => `wrote ${file}`),
    ...made.kept.map((file) => `the old one is ${file}`),
    "",
    "Tell the users:",
    made.notice,
  ]
  return { document: document(true, made.kept), lines }
}

function planLines(plan: RegeneratePlan): readonly string[] {
  return [
    `makes ${plan.name} anew in ${plan.files.join(" and ")}${plan.variable === null ? "" : ` (${plan.variable})`}`,
    `losing the old one means: ${plan.lossMeans}`,
    `the old files stay beside, ending in ${plan.keptSuffix}`,
  ]
}
