import { z } from "zod"
import type { ComposeProject } from "../../app/app.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { projectArgs } from "./compose.ts"
import { cliError } from "./engine-error.ts"

const configSchema = z.looseObject({ services: z.record(z.string(), z.looseObject({})) })

/**
 * What compose would write on the container of each service, and which version of it that is. Two hashes for a service that depends on
 * others: `up --no-deps` leaves what it depends on out of what it hashes. Throws COMPOSE_INVALID.
 */
export async function configHashes(
  client: Client,
  project: ComposeProject,
  ctx: RunContext,
): Promise<{ composeVersion: string; byService: Readonly<Record<string, readonly string[]>> }> {
  const version = await ask(client, project, ["version", "--short"], ctx)
  const all = ["--profile", "*", "config"]
  const whole = hashesIn(await ask(client, project, [...projectArgs(project), ...all, "--hash", "*"], ctx))
  const resolved = await ask(client, project, [...projectArgs(project), ...all, "--format", "json"], ctx)
  const fromInput = projectArgs({ ...project, files: ["-"] })
  const alone = hashesIn(await ask(client, project, [...fromInput, ...all, "--hash", "*"], ctx, withoutDependencies(resolved)))
  return {
    composeVersion: version.trim(),
    byService: Object.fromEntries([...whole].map(([service, hash]) => [service, [...new Set([hash, alone.get(service) ?? hash])]])),
  }
}

function hashesIn(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").map((line) => /^(\S+) ([0-9a-f]+)$/.exec(line.trim()))
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])))
}

function withoutDependencies(resolved: string): string {
  const config = configSchema.parse(JSON.parse(resolved))
  const services = Object.entries(config.services).map(([name, { depends_on: _others, ...service }]) => [name, service] as const)
  return JSON.stringify({ ...config, services: Object.fromEntries<unknown>(services) })
}

async function ask(client: Client, project: ComposeProject, args: readonly string[], ctx: RunContext, input?: string): Promise<string> {
  const stdin = input === undefined ? {} : { stdin: { text: input } }
  const shown = await client.compose(args, ctx, { cwd: project.projectDirectory, ...stdin })
  if (shown.exitCode === 0) return shown.stdout
  throw cliError("COMPOSE_INVALID", `the compose configuration of ${project.projectName} cannot be resolved`, shown.stderrTail)
}
