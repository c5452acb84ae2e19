import type { CommandSpec } from "./command-spec.ts"

const app = { name: "app", summary: "the app's name in the settings" } as const

/** Every command, in the order in which `--help` shows them. Nothing is loaded here. */
export const commandTable: readonly CommandSpec[] = [
  {
    name: "points",
    summary: "list recovery points",
    settles: "tolerant",
    arguments: [app],
    options: [
      { flags: "--vault <name>", summary: "only of this vault" },
      { flags: "--limit <count>", summary: "only the newest" },
    ],
    load: async () => await import("./command/points.ts"),
  },
  {
    name: "operations",
    summary: "list what ran and what is running",
    settles: "tolerant",
    options: [
      { flags: "--app <name>", summary: "only of this app" },
      { flags: "--limit <count>", summary: "only the newest (20 unless told)" },
      { flags: "--unfinished", summary: "only those that run or were interrupted" },
    ],
    load: async () => await import("./command/operations.ts"),
    subcommands: [
      {
        name: "show",
        summary: "show one operation with its steps",
        settles: "never",
        arguments: [{ name: "operation", summary: "its id", required: true }],
        load: async () => await import("./command/operation.ts"),
      },
      {
        name: "settle",
        summary: "finish or undo an interrupted operation, after you did what it asked for",
        settles: "never",
        arguments: [{ name: "operation", summary: "its id", required: true }],
        load: async () => await import("./command/settle.ts"),
      },
    ],
  },
  {
    name: "cancel",
    summary: "ask a running operation to stop cleanly",
    settles: "never",
    arguments: [{ name: "operation", summary: "its id", required: true }],
    options: [{ flags: "--no-wait", summary: "do not wait until it has stopped" }],
    load: async () => await import("./command/cancel.ts"),
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    settles: "never",
    arguments: [{ name: "shell", summary: "bash, zsh or fish", required: true }],
    load: async () => await import("./command/completion.ts"),
  },
]
