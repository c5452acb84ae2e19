/** From the first edited file to the verdict of the gate. Whatever fails here goes back by itself. */
import { gate, requirePassed, type GateReport } from "../app/gate.ts"
import type { ExecResult } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import { movesDatabaseServices, startDatabases, startNew } from "./bring-up.ts"
import { updateRules } from "./find/find-releases.ts"
import { placeNew } from "./place/place.ts"
import type { UpdateTools } from "./ports.ts"
import type { TreesBefore } from "./prepared.ts"
import { lastWords } from "./last-words.ts"
import type { UpdateSteps } from "./steps.ts"
import { expectedVersion, hardLimitMs, updateGateOptions } from "./update-gate.ts"
import type { Updating } from "./updating.ts"

/** Puts the edited files in place; until something is started from them, no data has to go back. */
export async function pin(
  tools: UpdateTools,
  { app, prepared }: Updating,
  trees: TreesBefore,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<void> {
  await journal.always("pin", { trees: { ...trees } }, async () => {
    await placeNew(tools, app, prepared, ctx)
  })
}

/** Migrates, starts and gates. Throws UPDATE_MIGRATION_FAILED, HEALTH_GATE_FAILED, and what keeps containers from coming up. */
export async function startAndGate(
  tools: UpdateTools,
  updating: Updating,
  journal: Journal<UpdateSteps>,
  ctx: RunContext,
): Promise<GateReport> {
  const { app, prepared } = updating
  if (movesDatabaseServices(app, prepared))
    await journal.always("start-databases", {}, async () => await startDatabases(tools, app, prepared, ctx))
  if (updating.release.migrate !== null || prepared.jobs.length > 0)
    await journal.always("migrate", { jobs: [...prepared.jobs] }, async () => await migrate(tools, updating, ctx))
  await journal.always("start", {}, async () => await startNew(tools, app, prepared, ctx))
  return await journal.always("gate", {}, async () => await gateNew(tools, updating, ctx))
}

/** What the release says first, then what the project itself runs before its services. */
async function migrate(tools: UpdateTools, updating: Updating, ctx: RunContext): Promise<void> {
  const { app, release, prepared, placing } = updating
  const timeoutMs = hardLimitMs(updateRules(app))
  const ended = await placing.migrate(release, timeoutMs, ctx)
  if (ended !== null) requireEndedWell(release, release.migrate?.argv.join(" ") ?? "", ended)
  for (const service of prepared.jobs) {
    if (app.compose === null || tools.containers.runOnce === undefined) throw failedMigration(release, "this engine cannot run it")
    requireEndedWell(release, `service ${service}`, await tools.containers.runOnce(app.compose, service, null, { timeoutMs }, ctx))
  }
}

function requireEndedWell(release: Updating["release"], what: string, { exitCode, stdout, stderrTail }: ExecResult): void {
  if (exitCode === 0) return
  throw failedMigration(release, `${what} ended with exit code ${exitCode}${lastWords(`${stdout}\n${stderrTail}`)}`)
}

function failedMigration({ version }: Updating["release"], why: string): HoldfastError {
  return new HoldfastError("UPDATE_MIGRATION_FAILED", { what: `the migration to ${version} failed`, why })
}

/** The live app as the new version. Throws HEALTH_GATE_FAILED. */
export async function gateNew(
  tools: UpdateTools,
  { app, release, prepared }: Pick<Updating, "app" | "prepared"> & { readonly release: Pick<Updating["release"], "version" | "foundIn"> },
  ctx: RunContext,
): Promise<GateReport> {
  const rules = updateRules(app)
  const options = updateGateOptions(rules, expectedVersion(rules, release), prepared.standstill.rested)
  const report = await gate(app, tools, { kind: "live" }, ctx, options)
  requirePassed(app, report)
  return report
}
