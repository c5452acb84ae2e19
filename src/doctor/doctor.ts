/** Examines everything that backups stand on and says what to do; plans what can be removed when a disk is full. */
import type { RunContext } from "../base/run-context.ts"
import { checkClock } from "./check/clock.ts"
import { checkCoverage } from "./check/coverage.ts"
import { checkDatabases } from "./check/databases.ts"
import { checkKits } from "./check/kits.ts"
import { checkLeftovers } from "./check/leftovers.ts"
import { checkMounts } from "./check/mounts.ts"
import { checkOperations } from "./check/operations.ts"
import { checkPermissions } from "./check/permissions.ts"
import { checkReceivers } from "./check/receivers.ts"
import { checkSpace } from "./check/space.ts"
import { checkTools } from "./check/tools.ts"
import { checkVaults } from "./check/vaults.ts"
import { fromError, type Finding } from "./finding.ts"
import type { DoctorTools, Subject } from "./ports.ts"

export { applyFreeSpace, planFreeSpace, settleFreeSpace, type FreeSpacePlan, type FreeSpaceTools, type Removable } from "./free-space.ts"
export type { Finding, Severity } from "./finding.ts"
export type { DoctorTools, Subject } from "./ports.ts"

export type Check = (tools: DoctorTools, subject: Subject, ctx: RunContext) => Promise<readonly Finding[]>

const checks: Readonly<Record<string, Check>> = {
  tools: checkTools,
  vaults: checkVaults,
  databases: checkDatabases,
  coverage: checkCoverage,
  space: checkSpace,
  clock: checkClock,
  mounts: checkMounts,
  permissions: checkPermissions,
  leftovers: checkLeftovers,
  operations: checkOperations,
  kits: checkKits,
  receivers: checkReceivers,
}

/** Runs every check; one that cannot be carried out is itself a finding. Changes nothing. */
export async function examine(tools: DoctorTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const [name, check] of Object.entries(checks)) {
    ctx.signal.throwIfAborted()
    ctx.progress.step(`check ${name}`)
    try {
      findings.push(...(await check(tools, subject, ctx)))
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      findings.push(fromError(name, name, thrown))
    }
  }
  return findings
}
