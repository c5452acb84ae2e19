import { channelNamed } from "../../../release/channel.ts"
import { promoteRelease } from "../../../publish/promote.ts"
import type { CommandRun } from "../command-spec.ts"
import { releaseDirectory, requiredOption, signingKey, timing } from "../release-input.ts"
import { publishedResult, signAndPublish } from "../release-publishing.ts"

/** `holdfast release promote` */
export const run: CommandRun = async (house, input) => {
  const directory = releaseDirectory(house, input)
  const to = channelNamed(requiredOption(input, "to", "the channel that gets it"))
  const from = channelNamed(input.text("from") ?? (to === "stable" ? "beta" : "canary"))
  const { text } = await promoteRelease(directory, { version: input.required("version"), from, to, ...timing(house, input) })
  return publishedResult(directory, await signAndPublish(directory, await signingKey(house, input), [text]))
}
