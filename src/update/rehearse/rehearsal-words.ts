/** Why a rehearsal failed, in the words of what failed: checks first, then the end of the container's own log. */
import type { GateCheckResult } from "../../app/gate.ts"
import type { ContainerEngine, ServiceState } from "../../app/ports.ts"
import { isHoldfastError, type HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { PointSandbox } from "../../drill/point-sandbox.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { lastWords, LINES } from "../last-words.ts"

/** @param failure what starting it threw, where it did not even come up */
export async function whyNotWell(
  tools: { readonly containers: ContainerEngine },
  { sandbox }: PointSandbox,
  release: InstallableRelease,
  checks: readonly GateCheckResult[],
  failure: HoldfastError | null,
  ctx: RunContext,
): Promise<string> {
  const failed = checks.filter(({ outcome }) => outcome === "failed").map(({ name, why }) => `${name}: ${why}`)
  const problems = [...failed, ...(failure === null ? [] : [failure.message])]
  const what = problems.length === 0 ? "it was not well for long enough" : problems.join("; ")
  const culprit = culpritOf(await sandbox.services(ctx), release, checks)
  if (culprit === null) return `${what}${lastWords(failure?.why ?? "")}`
  return `${what}; last lines of ${culprit.service}${await logOf(tools, culprit, ctx)}`
}

/** The service that a check names; else one of the release that does not run or is not well; else the first of the release. */
function culpritOf(states: readonly ServiceState[], release: InstallableRelease, checks: readonly GateCheckResult[]): ServiceState | null {
  const named = checks.find(({ name, outcome }) => outcome === "failed" && name.startsWith("service "))?.name.slice("service ".length)
  const moved = states.filter(({ service }) => release.images[service] !== undefined)
  return (
    states.find(({ service }) => service === named) ??
    moved.find(({ state, health }) => state === "exited" || state === "dead" || state === "restarting" || health === "unhealthy") ??
    moved[0] ??
    null
  )
}

async function logOf(tools: { readonly containers: ContainerEngine }, state: ServiceState, ctx: RunContext): Promise<string> {
  try {
    const words = lastWords(await tools.containers.logs(state.containerId, LINES, ctx))
    return words === "" ? ": it said nothing" : words
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (!isHoldfastError(thrown)) throw thrown
    return ": its log cannot be read"
  }
}
