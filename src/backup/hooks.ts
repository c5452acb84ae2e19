import type { Argv } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { BackupTools } from "./ports.ts"

/** Runs hooks in order; the first that fails ends the capture. */
export async function runBeforeHooks(tools: BackupTools, hooks: readonly Argv[], ctx: RunContext): Promise<void> {
  for (const argv of hooks) await runHook(tools, argv, ctx)
}

/** Runs every hook, whatever happened before and whatever the others do; returns what went wrong. */
export async function runAfterHooks(tools: BackupTools, hooks: readonly Argv[], ctx: RunContext): Promise<readonly HoldfastError[]> {
  const failures: HoldfastError[] = []
  for (const argv of hooks) {
    try {
      await runHook(tools, argv, ctx)
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown
      failures.push(thrown)
    }
  }
  return failures
}

async function runHook(tools: BackupTools, argv: Argv, ctx: RunContext): Promise<void> {
  const result = await tools.commands.run(argv, {}, ctx)
  if (result.exitCode === 0) return
  throw new HoldfastError("HOOK_FAILED", { what: `the hook ${argv[0]} ended with exit code ${result.exitCode}`, why: result.stderrTail })
}
