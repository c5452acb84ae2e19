import { yankRelease } from "../../../publish/yank.ts"
import type { CommandRun } from "../command-spec.ts"
import { releaseDirectory, signingKey, timing } from "../release-input.ts"
import { publishedResult, signAndPublish } from "../release-publishing.ts"

/** `holdfast release yank` */
export const run: CommandRun = async (house, input) => {
  const directory = releaseDirectory(house, input)
  const issues = await yankRelease(directory, input.required("version"), timing(house, input))
  const key = await signingKey(house, input)
  const published = await signAndPublish(
    directory,
    key,
    issues.map(({ text }) => text),
  )
  return publishedResult(directory, published)
}
