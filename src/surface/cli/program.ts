import { Command, CommanderError, Option } from "commander"
import { HoldfastError } from "../../base/errors.ts"
import type { CommandSpec, OptionSpec } from "./command-spec.ts"
import type { GlobalOptions } from "./cli-house.ts"
import { createInput, strings, type CommandInput, type Values } from "./input.ts"

/** What the words on the command line ask for. */
export type Request =
  | { readonly kind: "run"; readonly spec: CommandSpec; readonly input: CommandInput; readonly options: GlobalOptions }
  | { readonly kind: "print"; readonly text: string }

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: "--config <file>", summary: "settings file (else HOLDFAST_CONFIG, ./holdfast.yaml, /etc/holdfast/holdfast.yaml)" },
  { flags: "--state-dir <directory>", summary: "where keys and the store are (else HOLDFAST_STATE_DIR)" },
  { flags: "--json", summary: "print one JSON document; errors too" },
  { flags: "--quiet", summary: "say nothing but results, warnings and errors" },
  { flags: "--no-color", summary: "no colours (also NO_COLOR)" },
]

/** Reads the command line. Throws USAGE for anything that the specs do not allow. */
export async function readCommandLine(specs: readonly CommandSpec[], words: readonly string[], version: string): Promise<Request> {
  let request: Request | null = null
  let printed = ""
  const program = new Command("holdfast")
  program.description("Backup, proof, restore and managed updates for self-hosted applications.")
  program.version(version, "--version", "print the version")
  for (const option of GLOBAL_OPTIONS) program.addOption(optionOf(option))
  program.configureHelp({ showGlobalOptions: true })
  silence(program, (text) => {
    printed += text
  })
  const found = (spec: CommandSpec, input: CommandInput): void => {
    request = { kind: "run", spec, input, options: globalOptions(program.opts()) }
  }
  for (const spec of specs) program.addCommand(commandOf(spec, found, program))
  try {
    await program.parseAsync([...words], { from: "user" })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.exitCode === 0) return { kind: "print", text: printed }
    throw usageError(thrown, words)
  }
  return request ?? { kind: "print", text: program.helpInformation() }
}

function commandOf(spec: CommandSpec, found: (spec: CommandSpec, input: CommandInput) => void, program: Command): Command {
  const command = new Command(spec.name).description(spec.summary).copyInheritedSettings(program)
  for (const argument of spec.arguments ?? []) {
    const name = argument.repeats === true ? `${argument.name}...` : argument.name
    command.argument(argument.required === true ? `<${name}>` : `[${name}]`, argument.summary)
  }
  for (const option of spec.options ?? []) command.addOption(optionOf(option))
  for (const sub of spec.subcommands ?? []) command.addCommand(commandOf(sub, found, program))
  if (spec.load !== undefined) command.action(() => found(spec, createInput(positionalOf(spec, command), optionsOf(spec, command))))
  return command
}

function positionalOf(spec: CommandSpec, command: Command): Values {
  const words: readonly unknown[] = command.processedArgs
  return Object.fromEntries((spec.arguments ?? []).map((argument, index) => [argument.name, words[index]]))
}

/** By the name as typed (`accept-collapse`), not in commander's camel case: one spelling in help, manual and code. */
function optionsOf(spec: CommandSpec, command: Command): Values {
  const values: Values = command.opts()
  return Object.fromEntries(
    (spec.options ?? []).map((option) => {
      const made = optionOf(option)
      const value = values[made.attributeName()]
      return [made.name(), made.negate ? value === false : value]
    }),
  )
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.summary)
  if (spec.repeats !== true) return option
  return option.argParser((value: string, before: unknown) => [...strings(before), value])
}

function globalOptions(values: Values): GlobalOptions {
  const text = (name: string): string | null => {
    const value = values[name]
    return typeof value === "string" ? value : null
  }
  return {
    config: text("config"),
    stateDirectory: text("stateDir"),
    json: values["json"] === true,
    quiet: values["quiet"] === true,
    color: values["color"] !== false,
  }
}

function silence(program: Command, print: (text: string) => void): void {
  program.exitOverride()
  program.configureOutput({ writeOut: print, writeErr: () => undefined })
}

function usageError(thrown: CommanderError, words: readonly string[]): HoldfastError {
  const what = thrown.message
    .replace(/^error: /, "")
    .replaceAll("'", "`")
    .replaceAll("\n", " ")
    .replace(/\.$/, "")
  const command = thrown.code === "commander.unknownCommand" ? undefined : words.find((word) => !word.startsWith("-"))
  // A command without its subcommand prints its help; that is a wrong call, not a request for help.
  if (thrown.code === "commander.help") return new HoldfastError("USAGE", { what: `\`holdfast ${command ?? ""}\` needs a subcommand` })
  return new HoldfastError("USAGE", {
    what,
    hint: `Run \`holdfast ${command === undefined ? "" : `${command} `}--help\` to see how it is called.`,
  })
}
