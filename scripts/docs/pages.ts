/** Pages of the manual that are written from the code, so that they cannot fall behind it. */
import { catalog, type CatalogRow } from "../../src/base/error-catalog.ts"
import type { CommandSpec, OptionSpec } from "../../src/surface/cli/command-spec.ts"
import { commandTable } from "../../src/surface/cli/command-table.ts"
import { GLOBAL_OPTIONS } from "../../src/surface/cli/program.ts"

/** Path inside the checkout → text. */
export function writtenPages(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/manual/errors.md", errorsPage(Object.entries(catalog))],
    ["docs/manual/commands.md", commandsPage(commandTable)],
  ])
}

const WRITTEN = "<!-- Written by `npm run docs:write` from the code; a change here is overwritten. -->\n"

const ENDINGS: readonly (readonly [exitCode: number, meaning: string])[] = [
  [0, "done"],
  [1, "a bug in Holdfast: please [report it](#bug)"],
  [2, "the command was not called as it can be"],
  [3, "partial: some parts or copies were done, others not"],
  [4, "`status`: an app is not protected"],
  [130, "interrupted by Ctrl-C; the app runs as before"],
]

export function errorsPage(rows: readonly (readonly [string, CatalogRow])[]): string {
  const sorted = rows.toSorted(([, a], [, b]) => a.exitCode - b.exitCode)
  return [
    "# Errors\n",
    WRITTEN,
    "Every error says what failed, why as far as it is known, and what to do. With `--json` it is a document with `code`, `what`, `why` and `hint`.",
    "Scripts can rely on the code and the exit code: both are unique and never reused.\n",
    "## Exit codes that are not errors\n",
    "| exit code | meaning |\n|---|---|",
    ...ENDINGS.map(([exitCode, meaning]) => `| ${exitCode} | ${meaning} |`),
    "\n## All errors\n",
    "| exit code | code | HTTP | trying again can help |\n|---|---|---|---|",
    ...sorted.map(
      ([code, row]) => `| ${row.exitCode} | [${code}](#${code.toLowerCase()}) | ${row.httpStatus} | ${row.retryable ? "yes" : "no"} |`,
    ),
    "",
    "### BUG\n",
    "Exit code 1. Something happened that Holdfast has no word for. Nothing is listed or swapped half-way: the next command settles the run first.\n",
    "**What to do.** Report it with the printed stack and the output of `holdfast --version`; it holds no secrets.\n",
    ...sorted.map(([code, row]) => errorSection(code, row)),
  ].join("\n")
}

function errorSection(code: string, row: CatalogRow): string {
  const again = row.retryable ? "Trying again can help." : "Trying again as it is will not help."
  return `### ${code}\n\nExit code ${row.exitCode}, HTTP ${row.httpStatus}. ${again}\n\n**What to do.** ${row.hint}\n`
}

export function commandsPage(commands: readonly CommandSpec[]): string {
  return [
    "# Commands\n",
    WRITTEN,
    "`holdfast COMMAND --help` shows the same. Options that every command has:\n",
    ...GLOBAL_OPTIONS.map(optionLine),
    "",
    "| command | what it does |\n|---|---|",
    ...commands.map(({ name, summary }) => `| [${name}](#holdfast-${name}) | ${summary} |`),
    "",
    ...commands.flatMap((command) => commandSection(command, "holdfast", 2)),
  ].join("\n")
}

function commandSection(command: CommandSpec, parent: string, level: number): string[] {
  const name = `${parent} ${command.name}`
  const usage = (command.arguments ?? []).map((argument) => {
    const text = `${argument.name}${argument.repeats === true ? "..." : ""}`
    return argument.required === true ? ` <${text}>` : ` [${text}]`
  })
  const settling = {
    first: "Settles interrupted runs first, and does not start unless that worked.",
    tolerant: "Settles interrupted runs first; if that fails it is a warning.",
    never: "",
  }[command.settles]
  return [
    `${"#".repeat(level)} ${name}\n`,
    `\`${name}${usage.join("")}${(command.options ?? []).length > 0 ? " [options]" : ""}\`\n`,
    `${sentence(command.summary)} ${settling}`.trim(),
    "",
    ...(command.arguments ?? []).map((argument) => `- \`${argument.name}\`: ${argument.summary}`),
    ...(command.options ?? []).map(optionLine),
    "",
    ...(command.subcommands ?? []).flatMap((sub) => commandSection(sub, name, level + 1)),
  ]
}

function optionLine({ flags, summary, repeats }: OptionSpec): string {
  return `- \`${flags}\`: ${summary}${repeats === true ? " (may be given several times)" : ""}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
