import type { ComposeProject } from "../../app/app.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { projectArgs } from "./compose.ts"
import { cliError } from "./engine-error.ts"

/** What compose would write on the container of each service, and which version of it that is. Throws COMPOSE_INVALID. */
export async function configHashes(
  client: Client,
  project: ComposeProject,
  ctx: RunContext,
): Promise<{ composeVersion: string; byService: Readonly<Record<string, string>> }> {
  const version = await ask(client, project, ["version", "--short"], ctx)
  const hashes = await ask(client, project, [...projectArgs(project), "--profile", "*", "config", "--hash", "*"], ctx)
  const lines = hashes.split("\n").map((line) => /^(\S+) ([0-9a-f]+)$/.exec(line.trim()))
  return {
    composeVersion: version.trim(),
    byService: Object.fromEntries(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]]))),
  }
}

async function ask(client: Client, project: ComposeProject, args: readonly string[], ctx: RunContext): Promise<string> {
  const shown = await client.compose(args, ctx, { cwd: project.projectDirectory })
  if (shown.exitCode === 0) return shown.stdout
  throw cliError("COMPOSE_INVALID", `the compose configuration of ${project.projectName} cannot be resolved`, shown.stderrTail)
}
