import type { ComposeProject } from "../../app/app.ts"
import type { ComposeModel } from "../../app/ports.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { composeModel, envFilesOf } from "./compose-model.ts"
import { cliError } from "./engine-error.ts"

const IMAGE_MISSING = /no such image|pull access denied|manifest unknown|not found: manifest/i

/** The resolved configuration with every profile. Throws COMPOSE_INVALID with compose's own words. */
export async function readComposeModel(client: Client, project: ComposeProject, ctx: RunContext): Promise<ComposeModel> {
  const resolved = await configOf(client, project, [], ctx)
  const written = await configOf(client, project, ["--no-interpolate"], ctx)
  try {
    return composeModel(resolved, knownFiles(envFilesOf(written), ctx))
  } catch (cause) {
    throw new HoldfastError("COMPOSE_INVALID", {
      what: `the resolved compose configuration of ${project.projectName} is not of a known shape`,
      why: messageOf(cause),
      cause,
    })
  }
}

/** An env file whose name is made from a variable cannot be followed; that is said, because it will not be in a point's configuration. */
function knownFiles(files: Readonly<Record<string, readonly string[]>>, ctx: RunContext): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(files).map(([service, paths]) => {
      for (const path of paths.filter((each) => each.includes("$"))) {
        ctx.progress.warn(
          `service ${service} reads env file ${path}, whose name is made from a variable; name it under \`secrets\` to protect it`,
        )
      }
      return [service, paths.filter((path) => !path.includes("$"))]
    }),
  )
}

async function configOf(client: Client, project: ComposeProject, flags: readonly string[], ctx: RunContext): Promise<unknown> {
  const args = [...projectArgs(project), "--profile", "*", "config", "--format", "json", ...flags]
  const shown = await client.compose(args, ctx, { cwd: project.projectDirectory })
  const what = `the compose configuration of ${project.projectName} cannot be resolved`
  if (shown.exitCode !== 0) throw cliError("COMPOSE_INVALID", what, shown.stderrTail)
  try {
    return JSON.parse(shown.stdout)
  } catch (cause) {
    throw new HoldfastError("COMPOSE_INVALID", { what, why: messageOf(cause), cause })
  }
}

/**
 * Never builds: what runs after a restore is the image that was running, not one made from today's sources. Throws
 * IMAGE_MISSING or CONTAINER_FAILED with compose's own words.
 */
export async function up(
  client: Client,
  project: ComposeProject,
  services: readonly string[] | null,
  options: { noDeps: boolean; neverPull?: boolean },
  ctx: RunContext,
): Promise<void> {
  if (services?.length === 0) return
  const pulling = options.neverPull === true ? ["--pull", "never"] : ["--quiet-pull"]
  const flags = ["--detach", "--no-build", ...pulling, ...(options.noDeps ? ["--no-deps"] : [])]
  const profiles = project.profiles.flatMap((profile) => ["--profile", profile])
  const args = [...projectArgs(project), ...profiles, "up", ...flags, "--", ...(services ?? [])]
  await runCompose(client, args, project, `the services of ${project.projectName} did not come up`, ctx)
}

export async function down(client: Client, project: ComposeProject, options: { volumes: boolean }, ctx: RunContext): Promise<void> {
  const args = [...projectArgs(project), "--profile", "*", "down", ...(options.volumes ? ["--volumes"] : [])]
  await runCompose(client, args, project, `the services of ${project.projectName} could not be removed`, ctx)
}

async function runCompose(client: Client, args: readonly string[], project: ComposeProject, what: string, ctx: RunContext): Promise<void> {
  const result = await client.compose(args, ctx, { cwd: project.projectDirectory })
  if (result.exitCode === 0) return
  throw cliError(IMAGE_MISSING.test(result.stderrTail) ? "IMAGE_MISSING" : "CONTAINER_FAILED", what, result.stderrTail)
}

export function projectArgs(project: ComposeProject): string[] {
  const files = project.files.flatMap((file) => ["--file", file])
  const envFiles = (project.envFiles ?? []).flatMap((file) => ["--env-file", file])
  return [
    "--ansi",
    "never",
    "--progress",
    "plain",
    ...files,
    ...envFiles,
    "--project-directory",
    project.projectDirectory,
    "--project-name",
    project.projectName,
  ]
}
