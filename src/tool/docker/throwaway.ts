import { randomBytes } from "node:crypto"
import { chmod } from "node:fs/promises"
import type { ExecResult, HelperContainer } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import { Secret } from "../../base/secret.ts"
import type { ChildResult } from "../process/process.ts"
import type { Client } from "./client.ts"
import { cliError } from "./engine-error.ts"
import { environmentLines, shellExports, withPrivateFile, type Environment } from "./environment-file.ts"
import { childOptions } from "./exec.ts"
import { inspectContainer } from "./service-containers.ts"
import { settling } from "./settling.ts"

/** Everything that Holdfast makes in the engine for one operation carries this label, so that settling finds it. */
export const OPERATION_LABEL = "holdfast.operation"

/** The client hands a SIGTERM on to the container and waits; the container is removed by force anyway. */
const CLIENT_KILL_AFTER_MS = 1000

const CREATE_LIMIT_MS = 120_000

const SECRETS_FILE = "/.holdfast-environment"

/**
 * Runs a throwaway container to its end; its exit code is a value. It is created, started and removed in three steps rather than with `--rm`,
 * because only the engine's record tells the command's exit code from the client's.
 * Throws IMAGE_MISSING, CONTAINER_FAILED; never pulls.
 */
export async function runHelper(client: Client, helper: HelperContainer, ctx: RunContext): Promise<ExecResult> {
  const name = `holdfast-helper-${ctx.operationId}-${randomBytes(4).toString("hex")}`
  const { plain, hidden } = split(helper.environment)
  try {
    await withPrivateFile(client.scratchDirectory, environmentLines(plain), async (path) => {
      // Not cut short: the engine would go on with it, and for a moment list a container that it cannot yet remove (measured).
      await create(client, name, helper, path, hidden !== "", settling(ctx))
    })
    ctx.signal.throwIfAborted()
    if (hidden !== "") await putSecrets(client, name, hidden, ctx)
    const interactive = helper.stdin === undefined ? [] : ["--interactive"]
    const streams = { ...childOptions(helper), killAfterMs: CLIENT_KILL_AFTER_MS }
    const child = await client.docker(["start", "--attach", ...interactive, name], ctx, streams)
    return await resultOf(client, name, helper, child, ctx)
  } finally {
    await removeContainer(client, name, settling(ctx))
  }
}

/** Removes a container with its anonymous volumes, also a running one. One that is not there is fine. */
export async function removeContainer(client: Client, id: string, ctx: RunContext): Promise<boolean> {
  const what = `cannot remove container ${id}`
  const removed = await client.find(what, ctx, async (api) => {
    await api.getContainer(id).remove({ force: true, v: true })
    return true
  })
  return removed === true
}

/** Secrets (and what a file of lines cannot carry) go another way than plain values, because `docker inspect` shows a container's environment. */
function split(environment: Environment): { plain: Environment; hidden: string } {
  const entries = Object.entries(environment)
  return {
    plain: Object.fromEntries(entries.filter(([, value]) => !isHidden(value))),
    hidden: shellExports(Object.fromEntries(entries.filter(([, value]) => isHidden(value)))),
  }
}

function isHidden(value: string | Secret): boolean {
  return value instanceof Secret || /[\r\n]/.test(value)
}

async function create(
  client: Client,
  name: string,
  helper: HelperContainer,
  environmentFile: string,
  readsSecrets: boolean,
  ctx: RunContext,
): Promise<void> {
  const [program, ...rest] = readsSecrets ? readingSecrets(helper.argv) : helper.argv
  const args = [
    "create",
    "--pull=never",
    `--name=${name}`,
    `--label=${OPERATION_LABEL}=${ctx.operationId}`,
    // What it prints is a dump as often as not: the engine must not keep a copy in its log.
    "--log-driver=none",
    `--network=${helper.network}`,
    `--env-file=${environmentFile}`,
    ...(helper.stdin === undefined ? [] : ["--interactive"]),
    ...(helper.user === undefined ? [] : ["--user", helper.user]),
    ...helper.binds.flatMap((bind) => ["--mount", mountFlag(bind)]),
    `--entrypoint=${program}`,
    "--",
    helper.image,
    ...rest,
  ]
  const made = await client.docker(args, ctx, { timeoutMs: CREATE_LIMIT_MS })
  if (made.exitCode === 0) return
  const missing = /no such image|unable to find image/i.test(made.stderrTail)
  throw cliError(missing ? "IMAGE_MISSING" : "CONTAINER_FAILED", `cannot create a helper container of ${helper.image}`, made.stderrTail)
}

function readingSecrets(argv: HelperContainer["argv"]): [string, ...string[]] {
  return ["sh", "-c", `. ${SECRETS_FILE} && exec "$@"`, "sh", ...argv]
}

async function putSecrets(client: Client, name: string, exports: string, ctx: RunContext): Promise<void> {
  await withPrivateFile(client.scratchDirectory, exports, async (path) => {
    // The helper's user is not ours; the directory around the file stays closed to others.
    await chmod(path, 0o444)
    const copied = await client.docker(["cp", path, `${name}:${SECRETS_FILE}`], ctx)
    if (copied.exitCode !== 0) throw cliError("CONTAINER_FAILED", "cannot hand secrets to a helper container", copied.stderrTail)
  })
}

/** `--mount` takes comma-separated values: a path may hold commas and quotes. */
function mountFlag(bind: HelperContainer["binds"][number]): string {
  const fields = ["type=bind", csvField(`source=${bind.hostPath}`), csvField(`target=${bind.target}`)]
  return [...fields, ...(bind.readOnly ? ["readonly"] : [])].join(",")
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function resultOf(client: Client, name: string, helper: HelperContainer, child: ChildResult, ctx: RunContext): Promise<ExecResult> {
  const what = `helper container of ${helper.image} running ${helper.argv[0]} failed`
  const state = (await inspectContainer(client, name, ctx))?.State
  // The client fails on its own when what it reads or writes breaks off: then the two codes differ.
  if (state === undefined || state.Status !== "exited" || state.Error !== "" || state.ExitCode !== child.exitCode) {
    throw cliError("CONTAINER_FAILED", what, child.stderrTail === "" ? (state?.Error ?? "the container is gone") : child.stderrTail)
  }
  return { exitCode: state.ExitCode, stdout: child.stdout, stderrTail: child.stderrTail }
}
