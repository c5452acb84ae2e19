import { z } from "zod"
import { parseDurationMs } from "../base/units.ts"
import { installSchema } from "./schema-install.ts"
import { noticeSchema } from "./schema-schedule.ts"
import {
  age,
  digest,
  duration,
  hasPasswordInside,
  imageRepository,
  path,
  tagPattern,
  text,
  timezone,
  versionRange,
  window,
} from "./value.ts"

/** The old state is kept for the way back, never longer than this. */
const MOST_ROLLBACK_MS = 168 * 3_600_000

const rollbackWindow = duration
  .check((payload) => {
    if ((parseDurationMs(payload.value) ?? 0) > MOST_ROLLBACK_MS)
      payload.issues.push({
        code: "custom",
        message: `"${payload.value}" is longer than 168h, the most that is kept`,
        input: payload.value,
      })
  })
  .default("24h")
  .describe("How long the old state is kept for a rollback, 168h at most.")

const WEB_ADDRESS = /^(?:https?:\/\/.+|env:[A-Za-z_][A-Za-z0-9_]*)$/
const FILE_ADDRESS = /^file:\/\/\/\S+$/
/** `ssh://git@host/path`, `git@host:path`; the key is ssh's own. */
const SSH_ADDRESS = /^(?:ssh:\/\/[^\s:@]+(?:@[^\s:@]+)?(?::\d+)?\/\S+|[\w.-]+@[\w.-]+:\S+)$/

const address = z
  .string()
  .check((payload) => {
    const message = hasPasswordInside(payload.value)
      ? "a password must not be written into the address; use `env:NAME`"
      : [WEB_ADDRESS, SSH_ADDRESS, FILE_ADDRESS].some((pattern) => pattern.test(payload.value))
        ? null
        : "is neither `http(s)://…` nor `env:NAME`"
    if (message !== null) payload.issues.push({ code: "custom", message, input: "" })
  })
  .describe("Where the channels of the manifest are, or the git repository.")
  .meta({ examples: ["https://updates.example.com/chatalot"] })

/** Keys that only some sources know; with another one they would be read by nobody. */
const OF_SOME_SOURCES: Readonly<Record<string, readonly string[]>> = {
  versions: ["registry", "git", "directories"],
  tagPattern: ["registry", "git", "directories"],
  minimumAge: ["registry", "directories"],
  branch: ["git"],
  keyDigest: ["manifest"],
}

export const updatesSchema = z
  .strictObject({
    source: z
      .enum(["manifest", "registry", "git", "directories"])
      .describe("Signed release manifest, registry tags, a git repository, or directories that are put beside the running version.")
      .meta({ examples: ["manifest"] }),
    url: address.optional(),
    channel: z
      .enum(["stable", "beta", "canary"])
      .default("stable")
      .describe("Channel to follow; with `source: registry`, any but `stable` takes pre-releases as well.")
      .meta({ examples: ["stable"] }),
    product: text
      .describe("Product that the manifest must name; default: the recipe's name, or the app's.")
      .meta({ examples: ["chatalot"] })
      .optional(),
    key: path
      .describe(
        "File with the vendor's public key (PEM); with `source: git`, the file of who may sign commits and tags (ssh's allowed signers).",
      )
      .meta({ examples: ["./secrets/cosign_pub"] })
      .optional(),
    keyDigest: digest.describe("SHA-256 of the key's public part; another key is refused.").optional(),
    services: z
      .array(text)
      .min(1)
      .describe("Services that are updated together; default: the recipe's, or those that the release names.")
      .meta({ examples: [["chatalot"]] })
      .optional(),
    repositories: z
      .array(imageRepository)
      .describe("Image repositories that a release may come from, whole names; default: the recipe's.")
      .meta({ examples: [["registry.example.com/acme/chatalot"]] })
      .optional(),
    versions: versionRange
      .describe(
        "Semver range of tags, or names of directories, that are considered (`source: registry`, `git` without `branch`, `directories`).",
      )
      .optional(),
    tagPattern: tagPattern
      .describe(
        "Regular expression of a whole tag or name of a directory, with a group called `version` (`source: registry`, `git` without `branch`, `directories`); default: tags are versions.",
      )
      .optional(),
    minimumAge: age
      .describe(
        "A new tag or directory is used when it has been there this long (`source: registry`, default 24h; `directories`, default 0s); `0s`: at once.",
      )
      .optional(),
    branch: text
      .describe("Branch that is followed (`source: git`); without it, the newest tag that is a version.")
      .meta({ examples: ["main"] })
      .optional(),
    install: installSchema.describe("How a version of an app without containers is put in place.").optional(),
    window: window.describe("Days and hours in which automatic updates may run.").optional(),
    timezone: timezone.default("UTC").describe("Timezone that the window is read in."),
    automatic: z
      .boolean()
      .default(false)
      .describe("Apply by itself inside the window; never a major version.")
      .meta({ examples: [false] }),
    rollbackWindow,
    stability: duration
      .default("60s")
      .describe("How long the new version must stay well before it is kept.")
      .meta({ examples: ["60s"] }),
    timeout: duration
      .default("10m")
      .describe("How long the new version may take to become well.")
      .meta({ examples: ["10m"] }),
    expectVersion: z
      .boolean()
      .describe(
        "The app must report the new version after an update; false where its builds report an old one. Default: the recipe's, or true.",
      )
      .meta({ examples: [true] })
      .optional(),
    registryCredentials: path
      .describe("File with credentials of the registry; blank means none.")
      .meta({ examples: ["./secrets/registry_creds"] })
      .optional(),
    token: path
      .describe("File with the secret that the app's own administration page signs its requests with; without it, that page cannot update.")
      .meta({ examples: ["./secrets/updater_token"] })
      .optional(),
    notify: noticeSchema.describe("Who is told.").optional(),
  })
  .check((payload) => {
    const { source, url, branch, keyDigest, key, automatic, window: opening } = payload.value
    const given: Readonly<Record<string, unknown>> = payload.value
    const issue = (message: string, at?: string): void => {
      payload.issues.push({ code: "custom", message, input: payload.value, ...(at === undefined ? {} : { path: [at] }) })
    }
    if (source !== "registry" && source !== "directories" && url === undefined) issue(`\`source: ${source}\` needs \`url\``)
    if (source === "git" && branch !== undefined)
      for (const name of ["versions", "tagPattern"])
        if (given[name] !== undefined) issue("is for tags, and `branch` is followed; leave one of them out", name)
    if (source === "manifest" && url !== undefined && (SSH_ADDRESS.test(url) || FILE_ADDRESS.test(url)))
      issue("is not an address of releases; `http(s)://…` or `env:NAME` is", "url")
    if (source === "manifest" && key === undefined) issue("`source: manifest` needs `key`, the vendor's public key")
    if (keyDigest !== undefined && key === undefined) issue("`keyDigest` needs `key`")
    if (automatic && opening === undefined) issue("`automatic: true` needs `window`, the days and hours in which it may run")
    if (source !== "git" && payload.value.install?.build !== undefined)
      issue("`install.build` is for `source: git`; leave it out", "install")
    if (source === "directories" && payload.value.install === undefined)
      issue("`source: directories` needs `install`, the link and the directory of its versions")
    for (const [name, sources] of Object.entries(OF_SOME_SOURCES))
      if (given[name] !== undefined && !sources.includes(source)) issue(`is for \`source: ${sources.join("` or `")}\`; leave it out`, name)
  })
  .meta({ examples: [{ source: "manifest", url: "https://updates.example.com/chatalot", key: "./secrets/cosign_pub" }] })
