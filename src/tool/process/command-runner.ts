import type { CommandRunner } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { Processes } from "./process.ts"

/** Runs what the operator wrote (hooks, stop and start commands, command databases) like any other child. */
export function createCommandRunner(processes: Processes): CommandRunner {
  return {
    run: async (argv, options, ctx) => {
      const result = await processes.run({ argv, ...options, signal: ctx.signal })
      if (result.exitCode === null) throw killed(argv[0], result.signal, result.stderrTail)
      return { exitCode: result.exitCode, stdout: result.stdout, stderrTail: result.stderrTail }
    },
  }
}

function killed(program: string, signal: string | null, why: string): HoldfastError {
  return new HoldfastError("TOOL_FAILED", { what: `${program} was ended by ${signal ?? "a signal"}`, why })
}
