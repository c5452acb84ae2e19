/** The command line: reads what was typed, settles what was interrupted, runs one command, renders its result or its error. */
import { isHoldfastError } from "../../base/errors.ts"
import { buildHouse, describeCommand } from "./build-house.ts"
import { EXIT, type CommandResult, type CommandSpec } from "./command-spec.ts"
import { commandTable } from "./command-table.ts"
import type { CliHouse, CliSurroundings } from "./cli-house.ts"
import type { CommandInput } from "./input.ts"
import { readCommandLine, type Request } from "./program.ts"
import { createProgress } from "./progress.ts"
import { errorDocument, exitCodeOf, renderError } from "./render/error.ts"
import { settleFirst } from "./settle-first.ts"

/** Runs one command line and returns its exit code. Never throws. */
export async function runCli(words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  // Known before parsing, because a wrong command line is an error document as well.
  const json = words.includes("--json")
  try {
    const request = await readCommandLine(commandTable, words, surroundings.version)
    if (request.kind === "run") return await runRequest(request, words, surroundings)
    await surroundings.terminal.print(request.text)
    return words.length === 0 ? EXIT.usage : EXIT.done
  } catch (thrown) {
    return await tell(surroundings, json, thrown)
  }
}

async function runRequest(request: Request & { kind: "run" }, words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  const { spec, input, options } = request
  const progress = createProgress(surroundings.terminal, surroundings.clock, options.quiet || options.json)
  const house = buildHouse(surroundings, options, describeCommand(words), progress)
  try {
    const result = await runCommand(house, spec, input)
    progress.close()
    await surroundings.terminal.print(render(result, options.json))
    return result.exitCode ?? EXIT.done
  } catch (thrown) {
    progress.close()
    return await tell(surroundings, options.json, thrown)
  } finally {
    await house.use.close()
  }
}

async function runCommand(house: CliHouse, spec: CommandSpec, input: CommandInput): Promise<CommandResult> {
  if (spec.load === undefined) throw new Error(`the command ${spec.name} has nothing to run`)
  const [{ run }] = await Promise.all([spec.load(), settleFirst(house, spec, input)])
  return await run(house, input)
}

function render(result: CommandResult, json: boolean): string {
  if (json) return `${JSON.stringify(result.document, null, 2)}\n`
  const { lines } = result
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}

async function tell(surroundings: CliSurroundings, json: boolean, thrown: unknown): Promise<number> {
  const error: unknown = surroundings.signal.aborted && !isHoldfastError(thrown) ? surroundings.signal.reason : thrown
  const exitCode = exitCodeOf(error, surroundings.signal.aborted)
  if (json) await surroundings.terminal.print(`${JSON.stringify(errorDocument(error, exitCode), null, 2)}\n`)
  else surroundings.terminal.say(`${renderError(error).join("\n")}\n`)
  return exitCode
}
