import { isOfMachine } from "../../app/machine-path.ts"
import { unnamedTrees } from "../../app/unnamed-trees.ts"
import { warningOf } from "../../app/unnamed.ts"
import type { RunContext } from "../../base/run-context.ts"
import { trouble, type Finding } from "../finding.ts"
import type { DoctorTools, Subject } from "../ports.ts"

/** The settings name all that the app keeps, and nothing else. What came to the compose file after `init` is in no point until somebody names it. */
export async function checkCoverage(tools: DoctorTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  const remedy = "Name it under `files` or `databases` (`holdfast init --plan` shows how), or under `leaveOut` if no point need hold it."
  const found = await Promise.all(
    subject.apps.map(async (app) =>
      (await unnamedTrees(app, tools.containers, ctx)).map((one) => trouble("warn", "unnamed-data", app.name, warningOf(one), remedy)),
    ),
  )
  return [...found.flat(), ...subject.apps.flatMap(treesOfMachine)]
}

/** An older `init` wrote such trees down where a container that watches the machine mounts them. */
export function treesOfMachine({ name, files }: Subject["apps"][number]): readonly Finding[] {
  const remedy = "Take it out of `files`; name what the app itself keeps in it."
  return files
    .filter(({ place }) => !("volume" in place) && isOfMachine(place.path))
    .map((tree) =>
      trouble("warn", "machine-tree", `${name} files:${tree.name}`, `${tree.place.path} belongs to the machine, not to the app`, remedy),
    )
}
