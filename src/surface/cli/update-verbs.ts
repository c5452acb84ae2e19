import type { CommandSpec, OptionSpec } from "./command-spec.ts"

const app = { name: "app", summary: "the app's name in the settings (the only one unless told)" } as const
const wish: readonly OptionSpec[] = [
  { flags: "--to <version>", summary: "up to this version (the newest unless told)" },
  { flags: "--vault <name>", summary: "whose proof counts, and where the points before the update go (the app's first unless told)" },
  { flags: "--accept-drift", summary: "what runs differs from the compose file, and that is intended" },
  { flags: "--unrehearsed <reason>", summary: "without a rehearsal, for an app that no sandbox can hold; the reason is recorded" },
]
const again: OptionSpec = { flags: "--again", summary: "although this release failed here before; it is rehearsed again" }

/** Subcommands of `update` that carry it out, and tell of it. */
export const updateVerbs: readonly CommandSpec[] = [
  {
    name: "plan",
    summary: "show what the next update would do: versions, notes, schema, downtime, space, proof, files; nothing is changed",
    settles: "tolerant",
    arguments: [app],
    options: [{ flags: "--rehearse", summary: "run it on a copy of the data first, and show what was measured" }, ...wish, again],
    load: async () => await import("./command/update-plan.ts"),
  },
  {
    name: "apply",
    summary: "update, one release after the other: each is rehearsed, gated, and rolled back by itself if it is not well",
    settles: "first",
    arguments: [app],
    options: [...wish, again, { flags: "--yes", summary: "the plan was read; with several releases on the way, all of them" }],
    load: async () => await import("./command/update-apply.ts"),
  },
  {
    name: "rollback",
    summary: "go back to the version before: images, configuration and data together, while that is kept",
    settles: "first",
    arguments: [app, { name: "operation", summary: "the update's operation id (the last one unless told)" }],
    options: [
      { flags: "--plan", summary: "show what would be lost and put back, and stop" },
      { flags: "--yes", summary: "the plan was read" },
    ],
    load: async () => await import("./command/update-rollback.ts"),
  },
  {
    name: "carry-on",
    summary: "carry out what Holdfast ordered of a container beside its own, which an update replaces; not meant to be typed",
    settles: "never",
    arguments: [{ name: "order", summary: "as the order's container was told", required: true }],
    load: async () => await import("./command/update-carry-on.ts"),
  },
  {
    name: "history",
    summary: "list rehearsals, updates and rollbacks, with measured and predicted downtime",
    settles: "tolerant",
    arguments: [app],
    options: [{ flags: "--limit <count>", summary: "only the newest (20 unless told)" }],
    load: async () => await import("./command/update-history.ts"),
  },
]
