/** What an interrupted update is settled to, by its journal alone. Pure. */
import type { StepRecord } from "../operation/ports.ts"

/**
 * `nothing`: nothing was changed. `resume`: everything stood still at most, the app goes on as before. `unpin`: files were edited, nothing was
 * started from them. `forward`: the new version was started, the gate decides. `back`: the old version comes back. `done`: it is applied.
 */
export type Way = "nothing" | "resume" | "unpin" | "forward" | "back" | "done"

type Step = Pick<StepRecord, "name" | "state">

/**
 * @param goesBack whether an earlier settling had begun to go back: it never turns round again
 */
export function wayOf(steps: readonly Step[], goesBack: boolean): Way {
  const begun = (name: string): boolean => steps.some((step) => step.name === name)
  const done = (name: string): boolean => steps.some((step) => step.name === name && step.state === "done")
  if (!begun("prepare")) return "nothing"
  if (!begun("pin")) return "resume"
  if (goesBack || begun("roll-back")) return "back"
  if (done("keep")) return "done"
  // What failed had been judged already; only its consequence is missing.
  const judged = steps.some((step) => JUDGED.includes(step.name) && step.state === "failed")
  if (begun("start")) return judged ? "back" : "forward"
  // A migration that was cut off leaves half of it; nothing of the new version has served anybody yet.
  return STARTED.some(begun) ? "back" : "unpin"
}

const STARTED: readonly string[] = ["start-databases", "migrate"]
const JUDGED: readonly string[] = [...STARTED, "start", "gate"]
