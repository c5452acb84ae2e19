import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Processes } from "../process/process.ts"

const OLDEST = [0, 17] as const

/** The version of the binary, `0.18.0`. Throws VAULT_TOOL_MISSING when there is none, or one before 0.17. */
export async function readVersion(processes: Processes, binary: string, ctx: RunContext): Promise<string> {
  const printed = await printedVersion(processes, binary, ctx)
  const match = /restic (\d+)\.(\d+)\.(\d+)/.exec(printed)
  if (match === null) throw new HoldfastError("VAULT_TOOL_MISSING", { what: `${binary} is not restic`, why: printed.slice(0, 200) })
  const [, major, minor, patch] = match
  const version = `${major}.${minor}.${patch}`
  if (isOlder(Number(major), Number(minor))) {
    throw new HoldfastError("VAULT_TOOL_MISSING", { what: `restic ${version} is too old`, why: "0.17 or newer is needed" })
  }
  return version
}

async function printedVersion(processes: Processes, binary: string, ctx: RunContext): Promise<string> {
  try {
    const { stdout } = await processes.run({ argv: [binary, "version"], signal: ctx.signal, timeoutMs: 30_000 })
    return stdout
  } catch (cause) {
    ctx.signal.throwIfAborted()
    throw new HoldfastError("VAULT_TOOL_MISSING", { what: `${binary} cannot be run`, cause })
  }
}

function isOlder(major: number, minor: number): boolean {
  return major === OLDEST[0] && minor < OLDEST[1]
}
