import { randomBytes } from "node:crypto"
import type { Argv, ComposeProject } from "../../app/app.ts"
import type { ExecResult } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { projectArgs } from "./compose.ts"
import { cliError } from "./engine-error.ts"
import { inspectContainer } from "./service-containers.ts"
import { settling } from "./settling.ts"
import { OPERATION_LABEL, removeContainer } from "./throwaway.ts"

/** The client hands a SIGTERM on to the container and waits; the container is removed by force anyway. */
const CLIENT_KILL_AFTER_MS = 1000

/**
 * `docker compose run` of one service; `argv` is the whole command, as for `exec`; null: what the project says. The container is removed by force whatever happens: the client that
 * is ended by its time limit leaves it running. Throws CONTAINER_FAILED, TOOL_TIMEOUT.
 */
export async function runOnce(
  client: Client,
  project: ComposeProject,
  service: string,
  argv: Argv | null,
  options: { readonly timeoutMs: number },
  ctx: RunContext,
): Promise<ExecResult> {
  const name = `holdfast-once-${ctx.operationId}-${randomBytes(4).toString("hex")}`
  const [program, ...words] = argv ?? []
  const entrypoint = program === undefined ? [] : [`--entrypoint=${asWord(program)}`]
  const flags = [
    "--no-deps",
    "--no-TTY",
    "--interactive=false",
    "--quiet-pull",
    `--name=${name}`,
    `--label=${OPERATION_LABEL}=${ctx.operationId}`,
  ]
  const args = [...projectArgs(project), "--profile", "*", "run", ...flags, ...entrypoint, "--", service, ...words]
  try {
    const ended = await client.compose(args, ctx, {
      cwd: project.projectDirectory,
      timeoutMs: options.timeoutMs,
      killAfterMs: CLIENT_KILL_AFTER_MS,
    })
    const state = (await inspectContainer(client, name, ctx))?.State
    // The client fails on its own when it cannot make the container, or loses it: then the two codes differ.
    if (state?.Status !== "exited" || state.Error !== "" || state.ExitCode !== ended.exitCode) {
      const why = ended.stderrTail === "" ? (state?.Error ?? "the container is gone") : ended.stderrTail
      throw cliError("CONTAINER_FAILED", `cannot run ${program ?? "its command"} in a container of ${service}`, why)
    }
    return { exitCode: state.ExitCode, stdout: ended.stdout, stderrTail: ended.stderrTail }
  } finally {
    await removeContainer(client, name, settling(ctx))
  }
}

/** Compose splits an entrypoint as a shell would. */
function asWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
