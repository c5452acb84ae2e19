import type { CommandSpec } from "./command-spec.ts"

export const adoptCommand: CommandSpec = {
  name: "adopt",
  summary: "take an install onto pinned images and managed updates, and back with --undo",
  settles: "first",
  arguments: [{ name: "app", summary: "the app's name in the settings" }],
  options: [
    {
      flags: "--target <who>",
      summary: "vendor: the vendor's own updater beside the app (unless told); holdfast: Holdfast's image in its place",
    },
    { flags: "--release <version>", summary: "this release (the channel's newest unless told)" },
    { flags: "--channel <name>", summary: "follow this channel: stable, beta or canary" },
    { flags: "--image <service=reference>", summary: "an image with its digest, instead of those of a signed release", repeats: true },
    { flags: "--key <file>", summary: "the vendor's public key at hand (fetched unless told); it is compared with the pinned digest" },
    { flags: "--holdfast-image <reference>", summary: "with --target holdfast: Holdfast's own image (holdfast:VERSION unless told)" },
    { flags: "--any-version", summary: "health need not report the version of the pin: some builds report an old one" },
    { flags: "--vault <name>", summary: "for the point that is taken first (the app's first unless told)" },
    { flags: "--undo", summary: "put back what the last adoption changed" },
    { flags: "--plan", summary: "print checks, secrets and the edited files as a difference, and stop" },
    { flags: "--yes", summary: "the plan was read" },
  ],
  load: async () => await import("./command/adopt.ts"),
}
