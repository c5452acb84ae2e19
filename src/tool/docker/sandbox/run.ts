/** A command of its own in the sandbox: with a service's image, environment, mounts and network, but in another container. */
import { randomBytes } from "node:crypto"
import { rm } from "node:fs/promises"
import { z } from "zod"
import type { Argv } from "../../../app/app.ts"
import type { ExecOptions, ExecResult } from "../../../app/ports.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { Secret } from "../../../base/secret.ts"
import type { Client } from "../client.ts"
import { cliError } from "../engine-error.ts"
import { childOptions } from "../exec.ts"
import { inspectContainer } from "../service-containers.ts"
import { settling } from "../settling.ts"
import { removeContainer } from "../throwaway.ts"
import { escapePath } from "./document.ts"
import { withEnvironment } from "./environment.ts"
import { composeArgs, writeComposeFile, type Project } from "./project.ts"

/** The client hands a SIGTERM on to the container and waits; the container is removed by force anyway. */
const CLIENT_KILL_AFTER_MS = 1000

const servicesSchema = z.record(z.string(), z.record(z.string(), z.unknown()))

/**
 * `argv` is the whole command, as for `exec`: the image's own entry point is not run. Its exit code is a value, not an error. It starts no
 * other service. Throws COMPOSE_SERVICE_MISSING, CONTAINER_FAILED, TOOL_TIMEOUT.
 */
export async function runBeside(
  client: Client,
  project: Project,
  service: string,
  argv: Argv,
  options: ExecOptions,
  ctx: RunContext,
): Promise<ExecResult> {
  const name = `${project.name}-run-${randomBytes(4).toString("hex")}`
  const file = await writeComposeFile(project.directory, `${name}.json`, documentFor(project, service, argv, options))
  const user = options.user === undefined ? [] : ["--user", options.user]
  const flags = ["--no-deps", "--no-TTY", `--interactive=${options.stdin !== undefined}`, "--name", name, ...user]
  const cut = cutOnceMade(client, name, ctx)
  try {
    ctx.signal.throwIfAborted()
    const streams = { ...childOptions(options), killAfterMs: CLIENT_KILL_AFTER_MS, cwd: project.directory }
    const child = await client.compose(
      [...composeArgs(project, file, "quiet"), "run", ...flags, "--", service],
      { ...ctx, signal: cut.signal },
      streams,
    )
    const state = (await inspectContainer(client, name, ctx))?.State
    // The client fails on its own when it cannot make the container, or what it reads or writes breaks off: then the two codes differ.
    if (state?.Status !== "exited" || state.Error !== "" || state.ExitCode !== child.exitCode) {
      const why = child.stderrTail === "" ? (state?.Error ?? "the container is gone") : child.stderrTail
      throw cliError("CONTAINER_FAILED", `cannot run ${argv[0]} beside service ${service} in the sandbox`, why)
    }
    return { exitCode: state.ExitCode, stdout: child.stdout, stderrTail: child.stderrTail }
  } finally {
    cut.dispose()
    await removeContainer(client, name, settling(ctx))
    await rm(file, { force: true })
  }
}

const MADE_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 100

/**
 * A cancellation that comes while the engine makes the container waits until it runs: the engine would go on with it, and for a moment list
 * a container that it cannot yet remove (measured).
 */
function cutOnceMade(client: Client, name: string, ctx: RunContext): { readonly signal: AbortSignal; dispose(): void } {
  const cut = new AbortController()
  let over = false
  const whenMade = async (): Promise<void> => {
    const limit = ctx.clock.monotonicMs() + MADE_WITHIN_MS
    const quiet = settling(ctx)
    while (!over && ctx.clock.monotonicMs() < limit) {
      const status = (await inspectContainer(client, name, quiet).catch(() => null))?.State.Status
      if (status !== undefined && status !== "created") break
      await ctx.clock.sleep(LOOK_EVERY_MS)
    }
    cut.abort(ctx.signal.reason)
  }
  const onAbort = (): void => void whenMade()
  ctx.signal.addEventListener("abort", onAbort, { once: true })
  return {
    signal: cut.signal,
    dispose: () => {
      over = true
      ctx.signal.removeEventListener("abort", onAbort)
    },
  }
}

/** In the document rather than as flags: compose takes an entry point apart like a shell, and arguments are public on the host. */
function documentFor(project: Project, name: string, argv: Argv, options: ExecOptions): Record<string, unknown> {
  const services = servicesSchema.parse(project.rewritten["services"])
  const service = services[name]
  if (service === undefined) throw new HoldfastError("COMPOSE_SERVICE_MISSING", { what: `the sandbox has no service ${name}` })
  const given = Object.entries(options.environment ?? {}).map(([key, value]): [string, string] => [
    key,
    value instanceof Secret ? value.reveal() : value,
  ])
  const changed = {
    ...service,
    environment: withEnvironment(service["environment"], Object.fromEntries(given)),
    entrypoint: argv.map(escapePath),
    command: [],
  }
  return { ...project.rewritten, services: { ...services, [name]: changed } }
}
