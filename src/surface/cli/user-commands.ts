import type { CommandSpec } from "./command-spec.ts"

const user = { name: "user", summary: "name that the user signs in with", required: true } as const
const passwordFile = { flags: "--password-file <file>", summary: "file with the password, instead of typing it" } as const
const app = { flags: "--app <name>", summary: "for this app only; repeat for several", repeats: true } as const
const role = { flags: "--role <role>", summary: "owner, backup.manage, restore, update.apply or viewer" } as const

/** `user`: the way back in, on the host. */
export const userCommands: CommandSpec = {
  name: "user",
  summary: "accounts of the panel: list, add, reset, remove, role",
  settles: "never",
  subcommands: [
    {
      name: "list",
      summary: "who may sign in, and what they may do",
      settles: "never",
      load: async () => await import("./command/user-list.ts"),
    },
    {
      name: "add",
      summary: "add a user",
      settles: "never",
      arguments: [user],
      options: [
        { ...role, summary: `${role.summary}; default: viewer` },
        app,
        { flags: "--name <name>", summary: "whole name" },
        { flags: "--email <address>", summary: "where messages go" },
        passwordFile,
      ],
      load: async () => await import("./command/user-add.ts"),
    },
    {
      name: "reset",
      summary: "the way back in: a new password, no second factor, every session ended",
      settles: "never",
      arguments: [user],
      options: [passwordFile, { flags: "--owner", summary: "make the user an owner as well" }],
      load: async () => await import("./command/user-reset.ts"),
    },
    {
      name: "remove",
      summary: "remove a user, and the API keys that the user made",
      settles: "never",
      arguments: [user],
      load: async () => await import("./command/user-remove.ts"),
    },
    {
      name: "role",
      summary: "say what a user may do; every session of the user ends if it is less",
      settles: "never",
      arguments: [user],
      options: [role, app, { flags: "--also", summary: "beside the other roles, not instead of them" }],
      load: async () => await import("./command/user-role.ts"),
    },
  ],
}
