import type { Argv } from "../../app/app.ts"
import type { ExecOptions, ExecResult } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { ChildResult } from "../process/process.ts"
import type { ChildOptions, Client } from "./client.ts"
import { cliError } from "./engine-error.ts"
import { environmentLines, withPrivateFile } from "./environment-file.ts"
import { inspectContainer } from "./service-containers.ts"

/** What the CLI says when the command inside never ran; its exit code is then not the command's. The last of them it prints to standard output (measured). */
const NOT_RUN = /^(?:error response from daemon|error: no such container|oci runtime exec failed)/im
const NOT_STARTED = /^OCI runtime exec failed: /

/**
 * Runs a command in a running container; its exit code is a value, not an error. Throws SERVICE_NOT_RUNNING, CONTAINER_FAILED.
 * A run that is cancelled ends here, but the engine goes on with the command inside (measured): callers that care end it themselves.
 */
export async function execIn(client: Client, containerId: string, argv: Argv, options: ExecOptions, ctx: RunContext): Promise<ExecResult> {
  const facts = await inspectContainer(client, containerId, ctx)
  if (facts?.State.Status !== "running") {
    const what = `container ${facts?.Name.replace(/^\//, "") ?? containerId} is not running (${facts?.State.Status ?? "gone"})`
    throw new HoldfastError("SERVICE_NOT_RUNNING", { what })
  }
  const run = async (flags: readonly string[]): Promise<ChildResult> => {
    const interactive = options.stdin === undefined ? [] : ["--interactive"]
    const user = options.user === undefined ? [] : ["--user", options.user]
    return await client.docker(["exec", ...interactive, ...user, ...flags, containerId, ...argv], ctx, childOptions(options))
  }
  const lines = environmentLines(options.environment ?? {})
  const result =
    lines === "" ? await run([]) : await withPrivateFile(client.scratchDirectory, lines, async (path) => await run(["--env-file", path]))
  return execResult(result, `cannot run ${argv[0]} in container ${facts.Name.replace(/^\//, "")}`)
}

function execResult(result: ChildResult, what: string): ExecResult {
  if (result.exitCode === null) throw new HoldfastError("CONTAINER_FAILED", { what, why: `the docker client died from ${result.signal}` })
  if (result.exitCode !== 0 && NOT_RUN.test(result.stderrTail)) throw cliError("CONTAINER_FAILED", what, result.stderrTail)
  if (result.exitCode >= 126 && NOT_STARTED.test(result.stdout)) throw cliError("CONTAINER_FAILED", what, result.stdout.trim())
  return { exitCode: result.exitCode, stdout: result.stdout, stderrTail: result.stderrTail }
}

export function childOptions(options: ExecOptions): ChildOptions {
  return {
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.stdout === undefined ? {} : { stdout: options.stdout }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  }
}
