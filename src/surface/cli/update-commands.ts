import type { CommandSpec } from "./command-spec.ts"
import { updateVerbs } from "./update-verbs.ts"

const app = { name: "app", summary: "the app's name in the settings" } as const
const requiredApp = { ...app, required: true } as const

/** What an operator does with updates of an app. */
export const updateCommand: CommandSpec = {
  name: "update",
  summary: "find updates of an app, apply them and take them back, and decide whose releases are trusted",
  settles: "never",
  subcommands: [
    ...updateVerbs,
    {
      name: "check",
      summary: "look for releases that are newer than what runs (exit code 3 if one of several apps could not be looked for)",
      settles: "tolerant",
      arguments: [app],
      load: async () => await import("./command/update-check.ts"),
    },
    {
      name: "channel",
      summary: "follow another channel of signed releases, after showing what that means",
      settles: "tolerant",
      arguments: [requiredApp, { name: "channel", summary: "stable, beta or canary", required: true }],
      options: [
        { flags: "--plan", summary: "show what it would mean, and stop" },
        { flags: "--yes", summary: "the plan was read" },
      ],
      load: async () => await import("./command/update-channel.ts"),
    },
    {
      name: "key",
      summary: "take over the key that the vendor announces in the place of the pinned one",
      settles: "tolerant",
      arguments: [requiredApp],
      options: [
        { flags: "--confirm <fingerprint>", summary: "the new key's whole fingerprint, as the vendor tells it on another way" },
        { flags: "--unannounced", summary: "the vendor lost its key: pin the one that you put into the key file" },
        { flags: "--plan", summary: "show which key would be pinned, and stop" },
      ],
      load: async () => await import("./command/update-key.ts"),
    },
  ],
}
