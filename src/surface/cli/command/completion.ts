import type { CommandRun, CommandSpec, OptionSpec } from "../command-spec.ts"
import { usage } from "../input.ts"
import { GLOBAL_OPTIONS } from "../program.ts"

/** `holdfast completion`, of these commands; the table hands itself in, because it must be able to name this file. */
export function completionOf(specs: readonly CommandSpec[]): { readonly run: CommandRun } {
  return {
    run: async (_house, input) => {
      const shell = input.required("shell")
      const script = scripts[shell]
      if (script === undefined) throw usage(`no completion for ${shell}, only for ${Object.keys(scripts).join(", ")}`)
      const lines = script(specs)
      return { document: { format: "holdfast.completion", version: 1, shell, script: lines.join("\n") }, lines }
    },
  }
}

type Script = (specs: readonly CommandSpec[]) => readonly string[]

const scripts: Readonly<Record<string, Script>> = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** `--vault` of `--vault <name>`. */
function flagOf(option: OptionSpec): string {
  return option.flags.split(" ")[0] ?? option.flags
}

function wordsAfter(spec: CommandSpec): string {
  const subcommands = (spec.subcommands ?? []).map((sub) => sub.name)
  return [...subcommands, ...(spec.options ?? []).map(flagOf), ...GLOBAL_OPTIONS.map(flagOf), "--help"].join(" ")
}

function bashScript(specs: readonly CommandSpec[]): readonly string[] {
  return [
    "_holdfast() {",
    '  local word="${COMP_WORDS[COMP_CWORD]}" words=""',
    '  case "$COMP_CWORD:${COMP_WORDS[1]}" in',
    `    1:*) words="${[...specs.map((spec) => spec.name), ...GLOBAL_OPTIONS.map(flagOf), "--help", "--version"].join(" ")}" ;;`,
    ...specs.map((spec) => `    *:${spec.name}) words="${wordsAfter(spec)}" ;;`),
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "complete -o default -F _holdfast holdfast",
  ]
}

function zshScript(specs: readonly CommandSpec[]): readonly string[] {
  return [
    "#compdef holdfast",
    "_holdfast() {",
    "  if (( CURRENT == 2 )); then",
    `    compadd -- ${specs.map((spec) => spec.name).join(" ")} --help --version`,
    "    return",
    "  fi",
    '  case "$words[2]" in',
    ...specs.map((spec) => `    ${spec.name}) compadd -- ${wordsAfter(spec)} ;;`),
    "  esac",
    "  _files",
    "}",
    "compdef _holdfast holdfast",
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`
}

function fishScript(specs: readonly CommandSpec[]): readonly string[] {
  return specs.flatMap((spec) => [
    `complete -c holdfast -n __fish_use_subcommand -a ${spec.name} -d ${quoted(spec.summary)}`,
    ...(spec.subcommands ?? []).map(
      (sub) => `complete -c holdfast -n '__fish_seen_subcommand_from ${spec.name}' -a ${sub.name} -d ${quoted(sub.summary)}`,
    ),
    ...[...(spec.options ?? []), ...GLOBAL_OPTIONS].map(
      (option) =>
        `complete -c holdfast -n '__fish_seen_subcommand_from ${spec.name}' -l ${flagOf(option).slice(2)} -d ${quoted(option.summary)}`,
    ),
  ])
}
