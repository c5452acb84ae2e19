import type { CommandSpec } from "./command-spec.ts"

const snapshot = { name: "snapshot", summary: "its id, its label, or latest", required: true } as const

/** The words that operators of chatalot-snapshot know, for drop-in use. */
export const snapshotCommand: CommandSpec = {
  name: "snapshot",
  summary: "the names of chatalot-snapshot, for its operators: create, list, verify, restore, prune",
  settles: "never",
  subcommands: [
    {
      name: "create",
      summary: "take a recovery point (the same as `holdfast backup`)",
      settles: "first",
      options: [
        { flags: "--label <text>", summary: "a label, such as pre-upgrade" },
        { flags: "--accept-collapse", summary: "a sharp drop of rows, files or bytes is intended" },
      ],
      load: async () => await import("./command/backup.ts"),
    },
    {
      name: "list",
      summary: "list points and the snapshot files in CHATALOT_SNAPSHOT_DIR",
      settles: "tolerant",
      options: [{ flags: "--within-window", summary: "hide what is older than CHATALOT_ROLLBACK_WINDOW_HOURS; nothing is deleted" }],
      load: async () => await import("./command/snapshot-list.ts"),
    },
    {
      name: "verify",
      summary: "read a snapshot back to its last byte; a file becomes a point first",
      settles: "first",
      arguments: [snapshot],
      load: async () => await import("./command/snapshot-verify.ts"),
    },
    {
      name: "restore",
      summary: "put a snapshot back; the app must be stopped; a file becomes a point first",
      settles: "first",
      arguments: [snapshot],
      options: [
        { flags: "--keep <duration>", summary: "how long the replaced state is kept for undo (24h unless told)" },
        { flags: "--plan", summary: "show what would be replaced, lost and kept, and stop" },
        { flags: "--yes", summary: "the plan was read" },
      ],
      load: async () => await import("./command/snapshot-restore.ts"),
    },
    {
      name: "prune",
      summary: "keep the newest CHATALOT_SNAPSHOT_RETAIN_COUNT points, after reading the newest back; asks nothing",
      settles: "first",
      options: [
        { flags: "--plan", summary: "show what would go and why, and stop" },
        { flags: "--accept-smaller", summary: "points that are sharply smaller than those before are as they should be" },
      ],
      load: async () => await import("./command/snapshot-prune.ts"),
    },
  ],
}
