import type { CommandSpec, OptionSpec } from "./command-spec.ts"

const directory: OptionSpec = {
  flags: "--dir <directory>",
  summary: "the directory that a web server serves (the present one unless told)",
}
const signing: readonly OptionSpec[] = [
  { flags: "--key <file>", summary: "private key (holdfast-release.key unless told); cosign's own works as well" },
  { flags: "--passphrase-file <file>", summary: "what the private key is encrypted with (else COSIGN_PASSWORD)" },
]
const valid: OptionSpec = { flags: "--valid <duration>", summary: "how long it is valid (90d unless told); issue it again before" }
const version = { name: "version", summary: "the release's version", required: true } as const

/** What a vendor does with releases. */
export const releaseCommand: CommandSpec = {
  name: "release",
  summary: "for vendors: make keys, build, sign and publish releases that apps follow",
  settles: "never",
  subcommands: [
    {
      name: "keygen",
      summary: "make a key pair in cosign's format and print the fingerprint that operators pin",
      settles: "never",
      options: [
        { flags: "--output <prefix>", summary: "PREFIX.key and PREFIX.pub (holdfast-release unless told); never overwritten" },
        { flags: "--passphrase-file <file>", summary: "what the private key is encrypted with (else COSIGN_PASSWORD)" },
        { flags: "--announce-with <file>", summary: "the key in use: announces the new one in the directory, signed with the old" },
        { flags: "--product <name>", summary: "with --announce-with: whose key it is" },
        directory,
      ],
      load: async () => await import("./command/release-keygen.ts"),
    },
    {
      name: "build",
      summary: "write the manifest of a release; sequence and earlier releases follow from the directory",
      settles: "never",
      arguments: [version],
      options: [
        { flags: "--product <name>", summary: "what is released" },
        { flags: "--channel <channel>", summary: "stable, beta or canary (canary unless told)" },
        {
          flags: "--image <name=image>",
          summary: "an image by digest (server=registry.example/chat/server@sha256:…) or by tag",
          repeats: true,
        },
        { flags: "--registry-credentials <file>", summary: "for images by tag in a registry that wants to know who asks" },
        { flags: "--upgrades-from <version>", summary: "the lowest version that may be updated to this one directly (any unless told)" },
        { flags: "--pre-flight <command>", summary: "runs in the new image before anything changes, as IMAGE: PROGRAM ARGUMENTS" },
        { flags: "--migrate <command>", summary: "migrates the data, run in the new image, as IMAGE: PROGRAM ARGUMENTS" },
        { flags: "--schema-version <text>", summary: "what the schema's version is afterwards" },
        { flags: "--notes-file <file>", summary: "what changed, for operators" },
        { flags: "--output <file>", summary: "where the manifest goes (release.json unless told)" },
        valid,
        directory,
      ],
      load: async () => await import("./command/release-build.ts"),
    },
    {
      name: "sign",
      summary: "sign a manifest: FILE.sig as cosign writes it, and FILE.sigstore.json",
      settles: "never",
      arguments: [{ name: "file", summary: "the manifest (release.json unless told)" }],
      options: signing,
      load: async () => await import("./command/release-sign.ts"),
    },
    {
      name: "publish",
      summary: "put a signed manifest into the directory; what is there is never overwritten",
      settles: "never",
      arguments: [{ name: "file", summary: "the manifest (release.json unless told)" }],
      options: [{ flags: "--public-key <file>", summary: "the public key (holdfast-release.pub unless told)" }, directory],
      load: async () => await import("./command/release-publish.ts"),
    },
    {
      name: "promote",
      summary: "bring a release from canary to beta to stable, without building anything",
      settles: "never",
      arguments: [version],
      options: [
        { flags: "--from <channel>", summary: "the channel that has it" },
        { flags: "--to <channel>", summary: "the channel that gets it; the same one issues it again with a new time" },
        valid,
        ...signing,
        directory,
      ],
      load: async () => await import("./command/release-promote.ts"),
    },
    {
      name: "yank",
      summary: "withdraw a release from every channel that has it",
      settles: "never",
      arguments: [version],
      options: [valid, ...signing, directory],
      load: async () => await import("./command/release-yank.ts"),
    },
    {
      name: "verify",
      summary: "look at published releases as those who follow them do, and print what was checked",
      settles: "never",
      arguments: [{ name: "place", summary: "address or directory (the present one unless told)" }],
      options: [
        { flags: "--fingerprint <fingerprint>", summary: "sha256:… of the key, as the vendor tells it" },
        { flags: "--public-key <file>", summary: "instead of a fingerprint: the public key" },
        { flags: "--product <name>", summary: "what is released" },
        { flags: "--channel <channel>", summary: "only these channels", repeats: true },
        { flags: "--repository <repository>", summary: "where images may come from (not checked unless told)", repeats: true },
      ],
      load: async () => await import("./command/release-verify.ts"),
    },
  ],
}
