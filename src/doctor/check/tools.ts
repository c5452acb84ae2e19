import { messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { fromError, ok, trouble, type Finding } from "../finding.ts"
import type { DoctorTools, Subject } from "../ports.ts"
import { isKnownVulnerable, sqliteLosesCommits, versionIn } from "../known-faults.ts"

/** The programs that capture and restore, at versions without known holes. */
export async function checkTools(tools: DoctorTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  const engines = new Set(subject.apps.flatMap((app) => app.databases.map((database) => database.engine)))
  return [
    await resticFinding(tools, ctx),
    ...(engines.has("postgres") ? await postgresFindings(tools, ctx) : []),
    ...(engines.has("sqlite") ? [sqliteFinding(tools.sqliteVersion)] : []),
    ...(subject.apps.some((app) => app.compose !== null) ? [await dockerFinding(tools, ctx)] : []),
    ...(subject.apps.some((app) => app.updates?.source === "git") ? [await gitFinding(tools, ctx)] : []),
  ]
}

/** The backend itself refuses a restic that is too old. */
async function resticFinding(tools: DoctorTools, ctx: RunContext): Promise<Finding> {
  try {
    return ok("restic", "restic", `version ${await tools.backend.toolVersion(ctx)}`)
  } catch (thrown) {
    return fromError("restic", "restic", thrown)
  }
}

async function gitFinding(tools: DoctorTools, ctx: RunContext): Promise<Finding> {
  const version = await versionOf(tools, "git", ctx)
  if (version !== null) return ok("git", "git", `version ${version}`)
  return trouble("warn", "git", "git", "git is not installed here, so no update is found", "Run `scripts/install`.")
}

async function postgresFindings(tools: DoctorTools, ctx: RunContext): Promise<readonly Finding[]> {
  return await Promise.all(["pg_dump", "pg_restore", "psql"].map(async (program) => await clientFinding(tools, program, ctx)))
}

async function clientFinding(tools: DoctorTools, program: string, ctx: RunContext): Promise<Finding> {
  const version = await versionOf(tools, program, ctx)
  if (version === null) {
    const remedy = "Run `scripts/install`; without it only the clients inside containers are used."
    return trouble("warn", "postgres-clients", program, `${program} is not installed here`, remedy)
  }
  if (!isKnownVulnerable(version)) return ok("postgres-clients", program, `version ${version}`)
  const what = `version ${version} has a known hole: a crafted dump can run code (CVE-2026-116314)`
  return trouble(
    "warn",
    "postgres-clients",
    program,
    what,
    "Update the PostgreSQL clients; until then restore only points and dumps of your own.",
  )
}

async function versionOf(tools: DoctorTools, program: string, ctx: RunContext): Promise<string | null> {
  try {
    const result = await tools.commands.run([program, "--version"], { timeoutMs: 10_000 }, ctx)
    return result.exitCode === 0 ? versionIn(result.stdout) : null
  } catch (thrown) {
    ctx.log.debug("no version", { program, why: messageOf(thrown) })
    return null
  }
}

function sqliteFinding(version: string): Finding {
  if (!sqliteLosesCommits(version)) return ok("sqlite", "SQLite library", `version ${version}`)
  const what = `version ${version} can lose commits when two programs checkpoint (WAL-reset fault)`
  return trouble("fail", "sqlite", "SQLite library", what, "Run `scripts/install`: Holdfast needs a Node whose SQLite is 3.51.3 or newer.")
}

async function dockerFinding(tools: DoctorTools, ctx: RunContext): Promise<Finding> {
  try {
    const { engine, compose } = await tools.containers.version(ctx)
    return ok("docker", "Docker", `engine ${engine}, compose ${compose}`)
  } catch (thrown) {
    return fromError("docker", "Docker", thrown)
  }
}
