import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { publishRelease } from "../../../publish/publish-release.ts"
import { BUNDLE_ENDING, SIGNATURE_ENDING } from "../../../release/place.ts"
import { readPublicKey } from "../../../release/public-key.ts"
import type { CommandRun } from "../command-spec.ts"
import { KEY_PREFIX, MANIFEST_FILE, readGiven, releaseDirectory } from "../release-input.ts"
import { publishedResult } from "../release-publishing.ts"

/** `holdfast release publish` */
export const run: CommandRun = async (house, input) => {
  const name = input.argument("file") ?? MANIFEST_FILE
  const bytes = await readGiven(house, name)
  const publicKey = readPublicKey((await readGiven(house, input.text("public-key") ?? `${KEY_PREFIX}.pub`)).toString("utf8"))
  const directory = releaseDirectory(house, input)
  const published = await publishRelease(directory, bytes, await besideOf(resolve(house.cwd, name)), publicKey)
  return publishedResult(directory, [published])
}

async function besideOf(file: string): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = []
  for (const ending of [SIGNATURE_ENDING, BUNDLE_ENDING]) {
    // One form is enough; without any, publishing is refused for the missing signature.
    const text = await readFile(file + ending, "utf8").catch(() => null)
    if (text !== null) found.push([ending, text])
  }
  return Object.fromEntries(found)
}
