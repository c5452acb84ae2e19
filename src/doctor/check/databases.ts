import type { App, DatabaseSource } from "../../app/app.ts"
import { unnamedDatabases } from "../../app/unnamed-databases.ts"
import { warningOf } from "../../app/unnamed.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { fromError, ok, trouble, type Finding } from "../finding.ts"
import { isKnownVulnerable, versionIn } from "../known-faults.ts"
import type { DoctorTools, Subject } from "../ports.ts"

/** Each database answers, to a client that is new enough; a restore can swap by renaming. */
export async function checkDatabases(tools: DoctorTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  const pairs = subject.apps.flatMap((app) => app.databases.map((source) => ({ app, source })))
  const found = await Promise.all(pairs.map(async ({ app, source }) => await databaseFindings(tools, app, source, ctx)))
  const unnamed = await Promise.all(subject.apps.map(async (app) => await unnamedFindings(tools, app, ctx)))
  return [...found.flat(), ...unnamed.flat()]
}

/** A server that cannot be asked is told of by what asks for its databases. */
async function unnamedFindings(tools: DoctorTools, app: App, ctx: RunContext): Promise<readonly Finding[]> {
  try {
    const unnamed = await unnamedDatabases(tools.databases, app, ctx)
    const remedy = "Name it under `databases`, or under `leaveOut` if no point need hold it."
    return unnamed.map((one) => trouble("warn", "unnamed-database", app.name, warningOf(one), remedy))
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    return []
  }
}

/** Those of this machine are looked at among the tools. */
function clientsOfTheContainer(subject: string, toolVersion: string): readonly Finding[] {
  const version = versionIn(toolVersion)
  if (version === null || !isKnownVulnerable(version)) return []
  const what = `the PostgreSQL clients of its container, version ${version}, have a known hole: a crafted dump can run code (CVE-2026-116314)`
  return [
    trouble(
      "warn",
      "postgres-clients",
      subject,
      what,
      "Update the database's image; until then restore only points and dumps of your own.",
    ),
  ]
}

async function databaseFindings(tools: DoctorTools, app: App, source: DatabaseSource, ctx: RunContext): Promise<readonly Finding[]> {
  const subject = `${app.name} database:${source.name}`
  try {
    const seen = await tools.databases.for(source).inspect(source, ctx)
    const reached = ok("database", subject, `${source.engine} ${seen.engineVersion}, reached by ${seen.access} with ${seen.toolVersion}`)
    const clients = source.engine === "postgres" && seen.access !== "tcp" ? clientsOfTheContainer(subject, seen.toolVersion) : []
    if (seen.canSwap.allowed) return [reached, ...clients]
    const remedy = seen.canSwap.remedy ?? "Give the role the right to create and rename databases, or restore with --into."
    return [reached, ...clients, trouble("warn", "database", subject, `a restore cannot swap by renaming: ${seen.canSwap.why}`, remedy)]
  } catch (thrown) {
    return [fromError("database", subject, thrown)]
  }
}
