import { resolve } from "node:path"
import type { ReleaseVerifyOutput } from "../../../contract/output-release.ts"
import { openReleaseDirectory } from "../../../publish/directory.ts"
import { verifyReleases, type VerifiedChannel } from "../../../publish/verify-releases.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { channelNamed } from "../../../release/channel.ts"
import { channels } from "../../../release/manifest.ts"
import type { ReleaseSource } from "../../../release/ports.ts"
import { pinKey, readPublicKey, type PinnedKey } from "../../../release/public-key.ts"
import type { CliHouse } from "../cli-house.ts"
import { EXIT, type CommandResult, type CommandRun } from "../command-spec.ts"
import { usage, type CommandInput } from "../input.ts"
import { readGiven, releaseDocument, requiredOption } from "../release-input.ts"

/** `holdfast release verify` */
export const run: CommandRun = async (house, input) => {
  const place = input.argument("place") ?? "."
  const source = await sourceAt(house, place)
  const ctx = { signal: house.signal }
  const key = await expectedKey(house, input, source)
  const [only, repositories] = [input.list("channel"), input.list("repository")]
  const verified = await verifyReleases(
    {
      source,
      channels: only.length === 0 ? channels : only.map(channelNamed),
      product: requiredOption(input, "product", "what is released"),
      key,
      repositories: repositories.length === 0 ? null : repositories,
      now: house.clock.now(),
    },
    ctx,
  )
  if (verified.length === 0) throw new HoldfastError("RELEASE_UNKNOWN", { what: `${place} has no channel with a release` })
  return resultOf(place, key, verified, repositories)
}

async function sourceAt(house: CliHouse, place: string): Promise<ReleaseSource> {
  if (!/^[a-z]+:\/\//.test(place)) return openReleaseDirectory(resolve(house.cwd, place)).source
  return (await house.use.releases()).open(place)
}

/** The key whose fingerprint was given; where a file was given, the key that is served has to be that one. */
async function expectedKey(house: CliHouse, input: CommandInput, source: ReleaseSource): Promise<PinnedKey> {
  const file = input.text("public-key")
  const given =
    input.text("fingerprint") ?? (file === null ? null : readPublicKey((await readGiven(house, file)).toString("utf8")).fingerprint)
  if (given === null) throw usage("--fingerprint or --public-key is missing: without it nothing can be trusted")
  return pinKey(readPublicKey(await source.publicKey({ signal: house.signal })), given)
}

function resultOf(place: string, key: PinnedKey, verified: readonly VerifiedChannel[], repositories: readonly string[]): CommandResult {
  const good = verified.every(({ checks }) => checks.every((check) => check.good))
  const document: ReleaseVerifyOutput = {
    format: "holdfast.release-verify",
    version: 1,
    place,
    fingerprint: key.fingerprint,
    good,
    channels: verified.map(({ channel, release, checks }) => ({
      channel,
      release: release === null ? null : releaseDocument(release.manifest),
      checks: checks.map(({ what, good: isGood, code, text }) => ({ what, good: isGood, code, text })),
    })),
  }
  return { document, lines: linesOf(verified, repositories), exitCode: good ? EXIT.done : EXIT.partial }
}

function linesOf(verified: readonly VerifiedChannel[], repositories: readonly string[]): readonly string[] {
  return [
    ...verified.flatMap(({ channel, checks }) => [
      channel,
      ...checks.map(({ good, what, text, code }) => `  ${good ? "good" : "BAD "}  ${what}: ${text}${code === null ? "" : ` (${code})`}`),
    ]),
    "checked: signature, product, channel, time, and each earlier release by the digest that the newest one names",
    repositories.length === 0
      ? "not checked: where images come from (name it with --repository)"
      : `images may come from: ${repositories.join(", ")}`,
  ]
}
