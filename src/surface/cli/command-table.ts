import type { CommandSpec } from "./command-spec.ts"

const point = { name: "point", summary: "its id, the beginning of it, its label, or latest" } as const
const app = { name: "app", summary: "the app's name in the settings" } as const

/** Every command, in the order in which `--help` shows them. Nothing is loaded here. */
export const commandTable: readonly CommandSpec[] = [
  {
    name: "backup",
    summary: "take a recovery point",
    settles: "first",
    arguments: [app],
    options: [
      { flags: "--vault <name>", summary: "into this vault (the app's first unless told)" },
      { flags: "--label <text>", summary: "a label, to find it again" },
      { flags: "--only <parts>", summary: "only these: database, files, secrets, configuration, images, or a part such as files:uploads", repeats: true },
      { flags: "--cold", summary: "stop the app for the capture; it is always started again" },
      { flags: "--strict", summary: "fail when files change while they are read" },
      { flags: "--accept-collapse", summary: "a sharp drop of rows, files or bytes is intended" },
      { flags: "--before-migration <version>", summary: "only if the newest point is not of this version of the program, which is about to start" },
      { flags: "--plan", summary: "show what would be captured and how, and stop" },
    ],
    load: async () => await import("./command/backup.ts"),
  },
  {
    name: "verify",
    summary: "read a point back to its last byte",
    settles: "first",
    arguments: [app, point],
    options: [
      { flags: "--vault <name>", summary: "in this vault" },
      { flags: "--level <level>", summary: "sealed or read (read unless told)" },
    ],
    load: async () => await import("./command/verify.ts"),
  },
  {
    name: "drill",
    summary: "restore a point for real into a sandbox and assert",
    settles: "first",
    arguments: [app, point],
    options: [
      { flags: "--vault <name>", summary: "from this vault" },
      { flags: "--level <level>", summary: "restored or booted (booted for compose projects unless told)" },
    ],
    load: async () => await import("./command/drill.ts"),
  },
  {
    name: "restore",
    summary: "put a point back, with a safety point first and a way back after",
    settles: "first",
    arguments: [app, point],
    options: [
      { flags: "--from <vault>", summary: "from this vault" },
      { flags: "--only <parts>", summary: "only these: database, files, secrets, configuration, or a part such as files:uploads", repeats: true },
      { flags: "--with <what>", summary: "images: bring the point's own images and configuration back as well", repeats: true },
      { flags: "--into <directory>", summary: "write beside, into a new or empty directory, touching nothing live" },
      { flags: "--path <path>", summary: "with --into: only this path inside the file trees" },
      { flags: "--keep <duration>", summary: "how long the replaced state is kept for undo (24h unless told)" },
      { flags: "--unproven", summary: "skip reading a point that has no proof yet; the app's name must be typed" },
      { flags: "--plan", summary: "show what would be replaced, lost and kept, and stop" },
      { flags: "--yes", summary: "the plan was read" },
      { flags: "--confirm <word>", summary: "the app's name, instead of typing it" },
    ],
    load: async () => await import("./command/restore.ts"),
  },
  {
    name: "undo",
    summary: "swap back what a restore replaced",
    settles: "first",
    arguments: [{ name: "operation", summary: "the restore's operation id", required: true }],
    options: [
      { flags: "--vault <name>", summary: "for the safety point" },
      { flags: "--yes", summary: "the plan was read" },
    ],
    load: async () => await import("./command/undo.ts"),
  },
  {
    name: "import",
    summary: "make a point of files that other tools left",
    settles: "first",
    arguments: [
      { name: "app", summary: "the app's name in the settings", required: true },
      { name: "file", summary: "dump, SQLite file or tar archive, gzipped or not", required: true, repeats: true },
    ],
    options: [
      { flags: "--vault <name>", summary: "into this vault" },
      { flags: "--as <part>", summary: "what a file becomes (database:NAME, files:NAME), in the files' order", repeats: true },
      { flags: "--label <text>", summary: "a label, to find it again" },
      { flags: "--app-version <version>", summary: "the program's version at the time, if it is known" },
    ],
    load: async () => await import("./command/import.ts"),
  },
  {
    name: "export",
    summary: "write a point as stock files that need no Holdfast",
    settles: "tolerant",
    arguments: [app, point],
    options: [
      { flags: "--from <vault>", summary: "from this vault" },
      { flags: "--to <directory>", summary: "a new or empty directory" },
      { flags: "--format <format>", summary: "stock (dump, tar, manifest, instructions) or snapshot (gzipped dump and JSON manifest)" },
    ],
    load: async () => await import("./command/export.ts"),
  },
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
