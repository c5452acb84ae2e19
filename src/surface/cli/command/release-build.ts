import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { writeFileDurably } from "../../../base/durable-file.ts"
import type { ReleaseBuildOutput } from "../../../contract/output-release.ts"
import { buildRelease } from "../../../publish/build.ts"
import { channelNamed } from "../../../release/channel.ts"
import type { ReleaseManifest } from "../../../release/manifest.ts"
import { readRegistryCredentials } from "../../../release/registry-credentials.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandRun } from "../command-spec.ts"
import { usage, type CommandInput } from "../input.ts"
import { MANIFEST_FILE, readGiven, releaseDirectory, releaseDocument, requiredOption, timing } from "../release-input.ts"

/** `holdfast release build` */
export const run: CommandRun = async (house, input) => {
  const notesFile = input.text("notes-file")
  const described = {
    product: requiredOption(input, "product", "what is released"),
    version: input.required("version"),
    images: await imagesOf(house, input),
    upgradesFrom: input.text("upgrades-from"),
    preFlight: commandOf(input, "pre-flight"),
    migrate: commandOf(input, "migrate"),
    schemaVersion: input.text("schema-version"),
    notes: notesFile === null ? "" : (await readGiven(house, notesFile)).toString("utf8"),
  }
  const channel = channelNamed(input.text("channel") ?? "canary")
  const { manifest, text } = await buildRelease(releaseDirectory(house, input), channel, described, timing(house, input))
  const file = resolve(house.cwd, input.text("output") ?? MANIFEST_FILE)
  await writeFileDurably(file, text, 0o644)
  const document: ReleaseBuildOutput = { format: "holdfast.release-build", version: 1, file, release: releaseDocument(manifest) }
  return {
    document,
    lines: [
      `wrote ${file}: ${manifest.product} ${manifest.version} for ${channel}, sequence ${manifest.sequence}`,
      ...Object.entries(manifest.images).map(([name, { repository, digest }]) => `  ${name}  ${repository}@${digest}`),
      "Next: holdfast release sign, then holdfast release publish",
    ],
  }
}

async function imagesOf(house: CliHouse, input: CommandInput): Promise<ReleaseManifest["images"]> {
  const given = input.list("image")
  if (given.length === 0) throw usage("--image is missing: name=repository@sha256:…")
  const images: [string, { repository: string; digest: string }][] = []
  for (const text of given) {
    const match = /^([^=]+)=(.+?)(?:@(sha256:[0-9a-f]{64})|:([\w][\w.-]{0,127}))$/.exec(text)
    const [, name = "", repository = "", digest, tag = ""] = match ?? []
    if (match === null) throw usage(`--image takes name=repository@sha256:… or name=repository:tag, not "${text}"`)
    images.push([name, { repository, digest: digest ?? (await digestOf(house, input, repository, tag)) }])
  }
  return Object.fromEntries(images)
}

/** A tag may be moved afterwards; what it names now is what is released. */
async function digestOf(house: CliHouse, input: CommandInput, repository: string, tag: string): Promise<string> {
  const file = input.text("registry-credentials")
  const credentials = readRegistryCredentials(file === null ? "" : await readFile(resolve(house.cwd, file), "utf8"))
  const registry = await house.use.registry(credentials)
  house.progress.step(`asking for the digest of ${repository}:${tag}`)
  return await registry.digest(repository, tag, { signal: house.signal })
}

/** `server: /app/migrate.sh --all`. An argument with a space in it is one for a script inside the image. */
function commandOf(input: CommandInput, name: string): ReleaseManifest["migrate"] {
  const text = input.text(name)
  if (text === null) return null
  const [, image, words] = /^([a-z0-9._-]+):\s+(\S.*)$/.exec(text) ?? []
  if (image === undefined || words === undefined) throw usage(`--${name} takes IMAGE: PROGRAM ARGUMENTS, not "${text}"`)
  return { image, command: words.split(/\s+/) }
}
