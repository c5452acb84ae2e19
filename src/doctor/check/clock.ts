import type { RunContext } from "../../base/run-context.ts"
import { assertPlausibleClock } from "../../expire/plausible-clock.ts"
import { fromError, ok, type Finding } from "../finding.ts"
import type { DoctorTools, Subject } from "../ports.ts"

/** The clock is not before this program was written, nor long before the newest point. */
export async function checkClock(tools: DoctorTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  const now = ctx.clock.now()
  try {
    assertPlausibleClock(now, undefined)
    for (const app of subject.apps) {
      for (const vault of app.vaults) assertPlausibleClock(now, (await tools.store.pointSummaries(app.name, vault)).at(-1))
    }
    return [ok("clock", "clock", now.toISOString())]
  } catch (thrown) {
    return [fromError("clock", "clock", thrown)]
  }
}
