import type { KeyObject } from "node:crypto"
import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import { Secret } from "../../base/secret.ts"
import type { ReleaseBuildOutput } from "../../contract/output-release.ts"
import { openReleaseDirectory, type ReleaseDirectory } from "../../publish/directory.ts"
import { openPrivateKey } from "../../publish/private-key.ts"
import type { ReleaseManifest } from "../../release/manifest.ts"
import type { CliHouse } from "./cli-house.ts"
import { usage, type CommandInput } from "./input.ts"

export const KEY_PREFIX = "holdfast-release"
export const MANIFEST_FILE = "release.json"
const VALID_DAYS = 90
const DAY_MS = 86_400_000

/** `--dir`, or where the command was called. */
export function releaseDirectory(house: CliHouse, input: CommandInput): ReleaseDirectory {
  return openReleaseDirectory(resolve(house.cwd, input.text("dir") ?? "."))
}

/** `--valid`, from now on. */
export function timing(house: CliHouse, input: CommandInput): { readonly now: Date; readonly validMs: number } {
  return { now: house.clock.now(), validMs: input.durationMs("valid") ?? VALID_DAYS * DAY_MS }
}

/** `--key`, opened with what `--passphrase-file` holds. Throws USAGE, RELEASE_KEY_LOCKED, RELEASE_KEY_INVALID. */
export async function signingKey(house: CliHouse, input: CommandInput): Promise<KeyObject> {
  const pem = await readGiven(house, input.text("key") ?? `${KEY_PREFIX}.key`)
  return await openPrivateKey(pem.toString("utf8"), await keyPassphrase(house, input))
}

/** From a file or from cosign's own variable, so that its scripts go on to work; never from argv. */
export async function keyPassphrase(house: CliHouse, input: CommandInput): Promise<Secret> {
  const file = input.text("passphrase-file")
  if (file !== null) return new Secret((await readGiven(house, file)).toString("utf8").replace(/\r?\n$/, ""))
  const variable = house.environment["COSIGN_PASSWORD"]
  if (variable !== undefined) return new Secret(variable)
  throw usage("--passphrase-file FILE is missing (or COSIGN_PASSWORD): the private key is encrypted with it")
}

/** A file that was named. Throws USAGE when it cannot be read. */
export async function readGiven(house: CliHouse, file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(house.cwd, file))
  } catch (cause) {
    throw new HoldfastError("USAGE", {
      what: `${file} cannot be read`,
      why: messageOf(cause),
      hint: "Name another file, or make this one.",
      cause,
    })
  }
}

/** What every document says of a release. */
export function releaseDocument(manifest: ReleaseManifest): ReleaseBuildOutput["release"] {
  const { product, channel, version, sequence, issued, expires, images, yanked } = manifest
  return { product, channel, version, sequence, issued, expires, images, yanked }
}

/** What was not given and has no other value. Throws USAGE. */
export function requiredOption(input: CommandInput, name: string, meaning: string): string {
  const text = input.text(name)
  if (text !== null) return text
  throw usage(`--${name} is missing: ${meaning}`)
}
