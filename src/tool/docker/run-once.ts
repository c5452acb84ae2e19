import { randomBytes } from "node:crypto"
import type { Argv, ComposeProject } from "../../app/app.ts"
import type { ExecResult } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { projectArgs } from "./compose.ts"
import { settling } from "./settling.ts"
import { OPERATION_LABEL, removeContainer } from "./throwaway.ts"

/**
 * `docker compose run` of one service; `argv` is the whole command, as for `exec`. The container is removed by force whatever happens: the client that
 * is ended by its time limit leaves it running. Throws CONTAINER_FAILED, TOOL_TIMEOUT.
 */
export async function runOnce(
  client: Client,
  project: ComposeProject,
  service: string,
  argv: Argv,
  options: { readonly timeoutMs: number },
  ctx: RunContext,
): Promise<ExecResult> {
  const name = `holdfast-once-${ctx.operationId}-${randomBytes(4).toString("hex")}`
  const [program, ...words] = argv
  const flags = ["--rm", "--no-deps", "--no-TTY", "--quiet-pull", `--name=${name}`, `--label=${OPERATION_LABEL}=${ctx.operationId}`]
  const args = [...projectArgs(project), "--profile", "*", "run", ...flags, `--entrypoint=${asWord(program)}`, "--", service, ...words]
  try {
    const ended = await client.compose(args, ctx, { cwd: project.projectDirectory, timeoutMs: options.timeoutMs })
    if (ended.exitCode !== null) return { exitCode: ended.exitCode, stdout: ended.stdout, stderrTail: ended.stderrTail }
    throw new HoldfastError("CONTAINER_FAILED", {
      what: `${argv[0]} in a container of ${service} did not end by itself`,
      why: `the client died from ${ended.signal ?? "a signal"}`,
    })
  } finally {
    await removeContainer(client, name, settling(ctx))
  }
}

/** Compose splits an entrypoint as a shell would. */
function asWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
